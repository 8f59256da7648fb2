"""The document's tasks that delegate, on two hosts behind a real sshd: the second run executes nothing."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import KeyChanged, Resource
from tests.runner.support import Told, run_text, stored
from tests.runner.test_specification import BLOCKS, block
from tests.ssh import needs_sshd
from tests.support import sweep
from tests.tools.hosts import HOSTS, make_hosts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tools import Machine

pytestmark = [needs_sshd, pytest.mark.usefixtures("server"), pytest.mark.slow]
DELEGATING = {
    found[1] for text in BLOCKS if "delegate_to" in text and (found := re.search(r'name = "([\w-]+)"', text))
}


@pytest.fixture
def hosts(base: Path, tmp_path: Path) -> dict[str, Machine]:
    return make_hosts(base, tmp_path / "there")


def commands(told: Told) -> list[str]:
    return [event.name for event in told.of(Resource) if event.kind == "command"]


def test_these_are_the_tasks_that_delegate() -> None:
    assert sorted(DELEGATING) == ["install-package", "leader-election", "update-config"]


@pytest.mark.parametrize("host", sweep(HOSTS, HOSTS[1:]))
def test_a_package_is_installed_where_values_say_once(
    host: str, hosts: dict[str, Machine], tmp_path: Path
) -> None:
    first = run_text(tmp_path, block("install-package"), values={"host": host})
    assert (first.end.exit_code, first.lines) == (0, ["Package nginx installed"])
    assert [(event.host, event.name) for event in first.of(Resource)] == [(host, "apt-get install -y nginx")]
    second = run_text(tmp_path, block("install-package"), values={"host": host})
    assert second.lines == ["Package nginx already installed (skipping)"]
    assert (second.of(Resource), second.changes) == ([], [])
    calls = {name: machine.calls for name, machine in hosts.items()}
    assert calls == {name: ["apt-get install -y nginx"] if name == host else [] for name in HOSTS}


@pytest.mark.parametrize("host", sweep(HOSTS, HOSTS[1:]))
def test_a_configuration_is_deployed_where_values_say_once(
    host: str, hosts: dict[str, Machine], tmp_path: Path
) -> None:
    target = tmp_path / "etc" / "config.ini"
    target.parent.mkdir()
    # The one change to the example: tests do not write to the /etc of the machine that stands for the host.
    text = block("update-config").replace("/etc/app/config.ini", str(target))
    template = tmp_path / "templates" / "config.ini.tmpl"
    template.parent.mkdir()
    template.write_text("[app]\nport = {{ port }}\n")
    values = {"host": host, "port": 80}
    first = run_text(tmp_path, text, values=values)
    assert (first.end.exit_code, first.lines) == (0, ["Configuration updated"])
    assert [(event.host, event.kind, event.name) for event in first.of(Resource)] == [
        (host, "file", str(target))
    ]
    assert target.read_text() == template.read_text()
    rendered = hashlib.sha256(b"[app]\nport = 80\n").hexdigest()
    assert stored() == {f"config:hash:{target}": rendered}
    before = target.stat()
    second = run_text(tmp_path, text, values=values)
    assert second.lines == ["Configuration unchanged (skipping)"]
    assert (second.of(Resource), second.changes) == ([], [])
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_tasks_of_two_hosts_share_the_state_of_the_run(hosts: dict[str, Machine], tmp_path: Path) -> None:
    text = block("leader-election").replace("agent1", "web1").replace("agent2", "web2")
    first = run_text(tmp_path, text)
    assert first.lines == ["Became cluster leader", "Current leader: web1"]
    second = run_text(tmp_path, text)
    assert (second.end.exit_code, second.lines) == (0, ["Current leader: web1"])
    assert second.of(KeyChanged) == []
    assert [machine.calls for machine in hosts.values()] == [[], []]


@pytest.mark.parametrize("host", sweep(HOSTS, HOSTS[1:]))
def test_tracked_resources_are_made_on_a_host_once(
    host: str, hosts: dict[str, Machine], tmp_path: Path
) -> None:
    """The document's web server, as a task that delegates."""
    hosts[host].set_service("nginx")
    text = block("setup-webserver").replace(
        'name = "setup-webserver",', f'name = "setup-webserver", delegate_to = "{host}",'
    )
    text = text.replace("/var/www", str(tmp_path / "www"))
    first = run_text(tmp_path, text)
    assert first.end.exit_code == 0, first.errors
    assert commands(first) == [
        "useradd www-data",
        f"mkdir -p {tmp_path}/www",
        "systemctl enable nginx",
    ]
    assert {event.host for event in first.of(Resource)} == {host}
    calls = ["useradd www-data", "systemctl enable nginx"]
    assert hosts[host].calls == calls
    second = run_text(tmp_path, text)
    assert (second.end.exit_code, second.of(Resource), second.changes) == (0, [], [])
    assert {name: machine.calls for name, machine in hosts.items()} == {
        name: calls if name == host else [] for name in HOSTS
    }


RESOURCES = """
task({name = "site", delegate_to = values.host, run = function()
  package.present("nginx")
  user.present{name = "app", groups = {"www-data"}}
  service.running{name = "nginx", enabled = true}
end})
"""


def test_packages_users_and_services_of_two_hosts(hosts: dict[str, Machine], tmp_path: Path) -> None:
    calls = [
        "apt-get install -y nginx",
        "useradd -G www-data app",
        "systemctl start nginx",
        "systemctl enable nginx",
    ]
    for host, machine in hosts.items():
        values = {"host": host}
        checked = run_text(tmp_path, RESOURCES, values=values, check=True)
        assert (checked.end.exit_code, machine.calls) == (10, [])
        first = run_text(tmp_path, RESOURCES, values=values)
        assert (first.end.exit_code, machine.calls) == (0, calls), first.errors
        second = run_text(tmp_path, RESOURCES, values=values)
        assert (second.end.exit_code, machine.calls) == (0, calls)
        for told, changed in ((checked, True), (first, True), (second, False)):
            assert [(event.host, event.kind, event.changed) for event in told.of(Resource)] == [
                (host, kind, changed) for kind in ("package", "user", "service")
            ]
        assert run_text(tmp_path, RESOURCES, values=values, check=True).end.exit_code == 0
