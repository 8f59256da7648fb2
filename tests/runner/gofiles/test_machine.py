"""pkg, systemd and user of the Go program, on a machine that is kept in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskOutput
from tests.runner.support import run_task
from tests.tools import Machine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

BODY = """
print(pkg.install({ packages = { "nginx" } }).changed, pkg.install("nginx").changed,
    pkg.is_installed("nginx"))
local ok, message = pkg.install("no-such")
print(ok, (message:match("no%-such")))
print(pkg.remove({ "nginx" }).changed, pkg.uninstall("nginx").changed, (pkg.update()).message)
pkg.install("nginx")
print(systemd.start({ name = "nginx" }).changed, systemd.start("nginx").changed,
    systemd.stop("nginx").changed)
print(systemd.enable("nginx").changed, systemd.disable("nginx").changed)
print(systemd.restart("nginx").message, systemd.reload("nginx").message, systemd.daemon_reload().message)
print(systemd.is_active("nginx"), systemd.is_enabled("nginx"))
print(systemd.is_failed("nginx"), systemd.status("nginx"))
print(systemd.status("gone"))
print("x: " .. user.create("ada", { home = "/home/ada", groups = "www-data,docker" }))
print(user.create({ username = "ada", groups = { "docker" } }).changed,
    user.modify("ada", { shell = "/bin/bash" }).changed)
print(user.add_to_group("ada", "www-data").changed, user.exists("ada"),
    user.get_info("ada").shell, (user.get_home("ada")))
print(user.group_create("web").changed, user.group_create("docker").changed)
print(user.delete("ada").changed, user.remove("ada").changed, user.exists("ada"))
"""
SYSTEMCTL = """
case "$1" in
is-active) [ "$2" = nginx ] && echo inactive; exit 3 ;;
is-enabled) [ -e "$0.enabled" ] ;;
is-failed) echo inactive; exit 1 ;;
enable) echo enable >>"$0.calls"; : >"$0.enabled" ;;
disable) echo disable >>"$0.calls"; rm -f "$0.enabled" ;;
status)
    [ "$3" = nginx ] && { echo "nginx is dead"; exit 3; }
    echo "Unit gone could not be found." >&2; exit 4 ;;
restart|reload|daemon-reload) echo "$*" >>"$0.calls" ;;
*) exec "$0-tool" "$@" ;;
esac
"""


def test_the_machine_is_as_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path / "machine")
    (machine.bin / "systemctl").rename(machine.bin / "systemctl-tool")
    machine.add("systemctl", SYSTEMCTL)
    machine.add("groupadd", 'echo "$1:x:99:" >>"' + str(machine.directory / "group") + '"')
    monkeypatch.setenv("PATH", machine.path)
    told = run_task(tmp_path, BODY)
    assert told.end.result == "done", told.errors
    assert [event.text for event in told.of(TaskOutput) if event.stream == "print" and event.text] == [
        "true\tfalse\ttrue",
        "false\tno-such",
        "true\tfalse\tupdated",
        "true\tfalse\ttrue",
        "true\ttrue",
        "restarted\treloaded\treloaded",
        "false\tfalse\tunknown",
        "false\tnginx is dead",
        "nil\tUnit gone could not be found.",
        "x: created",
        "false\ttrue",
        "false\ttrue\t/bin/bash\t/home/ada",
        "true\tfalse",
        "true\tfalse\tfalse",
    ]
    assert (machine.bin / "systemctl.calls").read_text().split("\n")[:-1] == [
        "enable",
        "disable",
        "restart nginx",
        "reload nginx",
        "daemon-reload",
    ]
