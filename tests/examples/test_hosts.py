"""The examples that act on other machines: on two of them, twice, behind a real sshd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ssh import needs_sshd
from tests.tools.hosts import HOSTS, make_hosts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import Machine as Here
    from tests.tools import Machine

pytestmark = [pytest.mark.long, pytest.mark.slow, needs_sshd, pytest.mark.usefixtures("server")]

WEB_SERVER = [
    "apt-get install -y nginx",
    "useradd -d /nonexistent -s /usr/sbin/nologin -c serves localhost -r -M website",
    "systemctl start nginx",
    "systemctl enable nginx",
]


@pytest.fixture
def there(machine: Here, base: Path, tmp_path: Path) -> dict[str, Machine]:
    return make_hosts(base, tmp_path / "there")


def contents(directory: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in directory.rglob("*") if path.is_file() or path.is_symlink())
    return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in found}


def test_a_web_server_on_two_hosts(there: dict[str, Machine], machine: Here, tmp_path: Path) -> None:
    def run(name: str, *words: str) -> str:
        root = tmp_path / "roots" / name
        return machine.succeed("web-server", "--set", f"host={name}", "--set", f"root={root}", *words)

    for name, host in there.items():
        predicted = machine.run(
            "web-server", "--check", "--set", f"host={name}", "--set", f"root={tmp_path}/roots/{name}"
        )
        assert predicted.code == 10
        assert f"would change package nginx on {name}: installed" in predicted.out
        assert (host.calls, (tmp_path / "roots" / name).exists()) == ([], False)
        told = run(name)
        assert f"changed package nginx on {name}: installed" in told
        assert f"changed user website on {name}: created" in told
        assert f"changed service nginx on {name}: started, enabled" in told
    for name, host in there.items():
        assert host.calls == WEB_SERVER
        before = contents(tmp_path / "roots")
        assert "changed " not in run(name).replace(" changed", "")
        assert (host.calls, contents(tmp_path / "roots")) == (WEB_SERVER, before)
    run("web1", "--set", "port=8080")
    assert there["web1"].calls[len(WEB_SERVER) :] == ["systemctl reload nginx"]
    assert there["web2"].calls == WEB_SERVER
    assert "listen 8080;" in (tmp_path / "roots/web1/etc/nginx/nginx.conf").read_text()
    assert machine.calls == []


def test_a_fleet_on_two_hosts(there: dict[str, Machine], machine: Here, tmp_path: Path) -> None:
    values = tmp_path / "fleet.json"
    root = tmp_path / "fleet"
    hosts = {"web1": {"services": ["nginx", "app"]}, "web2": {"services": ["app"]}}
    reload = 'systemctl reload-or-restart "$SERVICE"'
    values.write_text(json.dumps({"remote": True, "root": str(root), "hosts": hosts, "reload": reload}))
    for host in there.values():
        host.set_service("nginx", active="active")
        host.set_service("app", active="active")
    machine.succeed("config-fleet", "--values", str(values))
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.conf")) == [
        "web1/app.conf",
        "web1/nginx.conf",
        "web2/app.conf",
    ]
    calls = {name: host.calls for name, host in there.items()}
    assert calls["web1"] == ["systemctl reload-or-restart app", "systemctl reload-or-restart nginx"]
    assert calls["web2"] == ["systemctl reload-or-restart app"]
    before = contents(root)
    told = machine.succeed("config-fleet", "--values", str(values))
    assert told.count("unchanged") == 2
    assert ({name: host.calls for name, host in there.items()}, contents(root)) == (calls, before)
    (root / "web2" / "app.conf").write_text("by hand\n")
    drifted = machine.run("config-fleet", "--values", str(values), "--check")
    assert (drifted.code, drifted.out.count("would change file ")) == (10, 1)
    machine.succeed("config-fleet", "--values", str(values))
    assert there["web2"].calls == ["systemctl reload-or-restart app"] * 2
    assert there["web1"].calls == calls["web1"]


def test_a_rolling_deploy_on_two_hosts(there: dict[str, Machine], machine: Here, tmp_path: Path) -> None:
    values = tmp_path / "fleet.json"
    root = tmp_path / "shop"
    values.write_text(json.dumps({"remote": True, "root": str(root), "hosts": list(HOSTS)}))

    def live() -> list[str]:
        return [(root / name / "current" / "VERSION").read_text().strip() for name in HOSTS]

    machine.succeed("rolling-deploy", "--values", str(values))
    assert live() == ["v1.2.3", "v1.2.3"]
    before = contents(root)
    told = machine.succeed("rolling-deploy", "--values", str(values))
    assert told.count("has v1.2.3 already (skipping)") == 2
    assert contents(root) == before
    unfit = 'test "$(cat current/VERSION)" != v1.3.0 || test "${PWD##*/}" = web1'
    failed = machine.run(
        "rolling-deploy", "--values", str(values), "--set", "version=v1.3.0", "--set", f"check={unfit}"
    )
    assert failed.code == 20
    assert "web2 failed its check with v1.3.0; it has v1.2.3 again" in failed.out
    assert live() == ["v1.3.0", "v1.2.3"]
    told = machine.succeed("rolling-deploy", "--values", str(values), "--set", "version=v1.3.0")
    assert "web1 has v1.3.0 already (skipping)" in told
    assert live() == ["v1.3.0", "v1.3.0"]
