"""The examples of the size people really write: what each promises."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.examples.conftest import put, stored

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import Machine

pytestmark = pytest.mark.slow


@pytest.fixture
def releases(machine: Machine) -> Path:
    return machine.home / ".cache" / "sloth-examples" / "deploy"


@pytest.fixture
def fleet(machine: Machine) -> Path:
    return machine.home / ".cache" / "sloth-examples" / "fleet"


def live(releases: Path) -> str:
    return (releases / "current" / "VERSION").read_text().strip()


def test_deploy_goes_live_and_back(machine: Machine, releases: Path) -> None:
    machine.succeed("deploy")
    machine.succeed("deploy", "--set", "version=v1.3.0")
    assert live(releases) == "v1.3.0"
    assert stored() == {"deploy:shop:version": "v1.3.0", "deploy:shop:previous": "v1.2.3"}
    machine.succeed("deploy", "--set", "rollback=true")
    assert live(releases) == "v1.2.3"
    assert stored() == {"deploy:shop:version": "v1.2.3"}
    again = machine.run("deploy", "--set", "rollback=true")
    assert again.code == 20
    assert "there is no version to go back to" in again.out


def test_a_deploy_that_fails_its_check_goes_back_by_itself(machine: Machine, releases: Path) -> None:
    machine.succeed("deploy")
    failed = machine.run("deploy", "--set", "version=v2.0.0", "--set", "check=false")
    assert failed.code == 20
    assert "shop v2.0.0 failed its check; v1.2.3 is live" in failed.out
    assert live(releases) == "v1.2.3"
    assert stored() == {"deploy:shop:version": "v1.2.3", "deploy:shop:failed": "v2.0.0"}
    machine.succeed("deploy", "--set", "version=v2.0.0")
    assert stored() == {"deploy:shop:version": "v2.0.0", "deploy:shop:previous": "v1.2.3"}


def test_a_first_deploy_that_fails_its_check_leaves_nothing_live(machine: Machine, releases: Path) -> None:
    failed = machine.run("deploy", "--set", "check=false")
    assert "nothing is live" in failed.out
    assert not (releases / "current").exists()


def test_deploy_refuses_what_is_no_version(machine: Machine, releases: Path) -> None:
    refused = machine.run("deploy", "--set", "version=../../etc")
    assert refused.code == 20
    assert "does not look like v1.2.3" in refused.out
    assert not releases.exists()


def test_a_deploy_waits_while_another_one_works(machine: Machine) -> None:
    with open_store("local", "write") as store:
        store.acquire("deploy:shop", "somebody", 60)
    held = machine.run("deploy", "--timeout", "1")
    assert held.code == 124


def test_config_fleet_puts_right_what_was_changed_by_hand(machine: Machine, fleet: Path) -> None:
    assert machine.succeed("config-fleet").count("reloading") == 5
    assert "workers = 8" in (fleet / "web2" / "app.conf").read_text()
    (fleet / "web1" / "nginx.conf").write_text("by hand\n")
    told = machine.succeed("config-fleet")
    assert [line for line in told.splitlines() if "reloading" in line] == ["  web1: reloading nginx"]
    assert "worker_processes 4;" in (fleet / "web1" / "nginx.conf").read_text()


def test_config_fleet_removes_what_is_not_wanted_any_more(machine: Machine, fleet: Path) -> None:
    values = machine.work / "fleet.yaml"
    values.write_text("hosts: {db1: {services: [nginx, app]}}\n")
    machine.succeed("config-fleet", "--values", str(values))
    values.write_text("hosts: {db1: {services: [app]}}\n")
    assert "removed nginx" in machine.succeed("config-fleet", "--values", str(values))
    assert sorted(path.name for path in (fleet / "db1").iterdir()) == ["app.conf"]
    assert list(stored()) == ["fleet:db1:config:app"]


def test_config_fleet_makes_up_for_a_reload_that_failed(machine: Machine) -> None:
    failed = machine.run("config-fleet", "--keep-going", "--set", 'reload=test "$HOST" != web1')
    assert failed.code == 20
    assert failed.err == "error: 1 task failed\n"
    due = {key for key in stored() if ":reload:" in key}
    assert due == {"fleet:web1:reload:app", "fleet:web1:reload:nginx"}
    told = machine.succeed("config-fleet")
    assert [line.strip() for line in told.splitlines() if "reloading" in line] == [
        "web1: reloading app",
        "web1: reloading nginx",
    ]


def test_nulls_in_a_values_file_are_as_good_as_nothing(machine: Machine, fleet: Path, releases: Path) -> None:
    values = machine.work / "nulls.yaml"
    values.write_text("root:\nreload: ~\nhosts:\ndefaults: null\n")
    assert machine.succeed("config-fleet", "--values", str(values)).count("reloading") == 5
    assert "workers = 8" in (fleet / "web2" / "app.conf").read_text()
    values.write_text("app:\nversion:\nroot:\ncheck:\nrollback:\nkeep_releases:\nstale_days:\n")
    assert "shop v1.2.3 is live" in machine.succeed("deploy", "--values", str(values))
    assert (releases / "current").resolve().name == "v1.2.3"
    machine.succeed("nightly-cleanup", "--values", str(values))
    values.write_text("port:\nworkers:\nconfig_file:\nhost:\nconfig_content:\n")
    machine.succeed("config-file", "--values", str(values))
    machine.succeed("versioned", "--values", str(values))


def test_config_fleet_has_no_template_for_everything(machine: Machine) -> None:
    values = machine.work / "fleet.json"
    values.write_text('{"hosts": {"db1": {"services": ["postgres"]}}}')
    result = machine.run("config-fleet", "--values", str(values))
    assert result.code == 20
    assert "db1: there is no template for service 'postgres'" in result.out


def test_nightly_cleanup_removes_what_is_old_and_counts_it(machine: Machine, releases: Path) -> None:
    now = int(time.time())
    put(session__old={"expires": now - 60}, session__new={"expires": now + 600}, session__odd="text")
    for number in range(5):
        machine.succeed("deploy", "--set", f"version=v1.0.{number}")
        os.utime(releases / "releases" / f"v1.0.{number}", (now - 100 + number,) * 2)
    os.utime(releases / "releases" / "v1.0.4", (now - 1000,) * 2)
    (releases / "tmp").mkdir()
    for name, age in (("stale", 20), ("fresh", 1)):
        path = releases / "tmp" / name
        path.touch()
        os.utime(path, (now - age * 86400,) * 2)
    told = machine.succeed("nightly-cleanup")
    assert "warn: session:odd is not a session; left alone" in told
    assert {"session:new", "session:odd"} < stored().keys()
    assert "session:old" not in stored()
    left = sorted(path.name for path in (releases / "releases").iterdir())
    assert left == ["v1.0.1", "v1.0.2", "v1.0.3", "v1.0.4"]  # the newest three, and the one that is live
    assert [path.name for path in (releases / "tmp").iterdir()] == ["fresh"]
    counts = {key: value for key, value in stored().items() if key.startswith("cleanup:")}
    assert counts == {
        "cleanup:removed:sessions": 1,
        "cleanup:removed:releases": 1,
        "cleanup:removed:files": 1,
    }
    assert "changed" not in machine.succeed("nightly-cleanup")


def test_nightly_cleanup_runs_once_at_a_time(machine: Machine) -> None:
    with open_store("local", "write") as store:
        store.acquire("nightly-cleanup", "another night", 60)
    result = machine.run("nightly-cleanup", "--task", "stale-files")
    assert result.code == 20
    assert "lock 'nightly-cleanup' is held by 'another night'" in result.out


def web_server(machine: Machine, *words: str) -> str:
    return machine.succeed("web-server", "--set", "root=root", *words)


def test_web_server_predicts_before_it_acts(machine: Machine) -> None:
    before = machine.files()
    result = machine.run("web-server", "--set", "root=root", "--check")
    assert result.code == 10
    for change in ("package nginx: installed", "user website: created", "service nginx: started, enabled"):
        assert f"would change {change}" in result.out
    assert (machine.calls, machine.files()) == ([], before)


def test_web_server_reloads_what_runs_once_for_a_new_configuration(machine: Machine) -> None:
    web_server(machine)
    known = len(machine.calls)
    told = web_server(machine, "--set", "port=8080")
    assert machine.calls[known:] == ["systemctl reload nginx"]
    assert "listen 8080;" in (machine.work / "root/etc/nginx/nginx.conf").read_text()
    assert told.count("changed file ") == 1
    web_server(machine, "--set", "port=8080")
    assert machine.calls[known:] == ["systemctl reload nginx"]


def test_web_server_puts_right_what_was_changed_by_hand(machine: Machine) -> None:
    web_server(machine)
    known = len(machine.calls)
    machine.system.set_package("nginx", "config-files")
    machine.system.set_user("website")
    machine.system.set_service("nginx", active="failed", file="disabled")
    (machine.work / "root/etc/nginx/nginx.conf").write_text("by hand\n")
    web_server(machine)
    assert [call.split()[0] for call in machine.calls[known:]] == [
        "apt-get",
        "useradd",
        "systemctl",
        "systemctl",
    ]
    assert "server_name localhost;" in (machine.work / "root/etc/nginx/nginx.conf").read_text()
    assert stored() == {}


def test_web_server_replaces_no_configuration_that_nginx_refuses(machine: Machine) -> None:
    web_server(machine)
    path = machine.work / "root/etc/nginx/nginx.conf"
    before = path.read_text()
    machine.system.add("nginx", "echo 'nginx: host not found' >&2; exit 1")
    failed = machine.run("web-server", "--set", "root=root", "--set", "port=8080")
    assert failed.code == 20
    assert "nginx: host not found" in failed.out
    assert path.read_text() == before


def test_web_server_makes_up_for_a_reload_that_failed(machine: Machine) -> None:
    web_server(machine)
    machine.system.set_service("nginx", active="reloading", file="enabled")
    assert machine.run("web-server", "--set", "root=root", "--set", "port=8080").code == 20
    assert stored() == {"web-server:local:reload": True}
    machine.system.set_service("nginx", active="active", file="enabled")
    known = len(machine.calls)
    web_server(machine, "--set", "port=8080")
    assert (machine.calls[known:], stored()) == (["systemctl reload nginx"], {})


@pytest.fixture
def rolling(machine: Machine) -> Path:
    return machine.home / ".cache" / "sloth-examples" / "rolling"


def versions(rolling: Path) -> dict[str, str]:
    return {path.parent.parent.name: path.read_text().strip() for path in rolling.glob("*/current/VERSION")}


def test_rolling_deploy_stops_at_the_host_that_fails_and_goes_on_from_there(
    machine: Machine, rolling: Path
) -> None:
    machine.succeed("rolling-deploy")
    unfit = 'check=test "${PWD##*/}" != web2 || grep -qx v1.2.3 current/VERSION'
    failed = machine.run("rolling-deploy", "--set", "version=v1.3.0", "--set", unfit)
    assert failed.code == 20
    assert "web2 failed its check with v1.3.0; it has v1.2.3 again" in failed.out
    assert "task deploy-web3 skipped" in failed.out
    assert versions(rolling) == {"web1": "v1.3.0", "web2": "v1.2.3", "web3": "v1.2.3"}
    told = machine.succeed("rolling-deploy", "--set", "version=v1.3.0")
    assert "web1 has v1.3.0 already (skipping)" in told
    assert set(versions(rolling).values()) == {"v1.3.0"}


def test_rolling_deploy_goes_back_to_nothing_on_a_new_host(machine: Machine, rolling: Path) -> None:
    failed = machine.run("rolling-deploy", "--set", "check=false")
    assert failed.code == 20
    assert "web1 failed its check with v1.2.3; it has nothing again" in failed.out
    assert versions(rolling) == {}


def test_rolling_deploy_stops_once_another_one_has_begun(machine: Machine, rolling: Path) -> None:
    overtaken = "check=sloth-runner state set rolling:shop:target v9.9.9"
    machine.system.add("sloth-runner", f'exec {sys.executable} -m sloth_tui "$@"')
    failed = machine.run("rolling-deploy", "--set", overtaken)
    assert failed.code == 20
    assert "another deploy is under way, of v9.9.9" in failed.out
    assert versions(rolling) == {"web1": "v1.2.3"}


def test_rolling_deploy_waits_while_another_one_changes_a_host(machine: Machine, rolling: Path) -> None:
    with open_store("local", "write") as store:
        store.acquire("rolling:shop", "somebody", 60)
    assert machine.run("rolling-deploy", "--timeout", "1").code == 124
    checked = machine.run("rolling-deploy", "--check")
    assert checked.code == 10
    assert "would wait for lock 'rolling:shop', held by 'somebody'" in checked.out
    assert versions(rolling) == {}


def test_rolling_deploy_refuses_what_is_no_version(machine: Machine, rolling: Path) -> None:
    refused = machine.run("rolling-deploy", "--set", "version=../../etc")
    assert refused.code == 20
    assert "does not look like v1.2.3" in refused.out
    assert not rolling.exists()
