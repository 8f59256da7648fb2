"""Packages, services and users: absent, present, again, changed by hand, repaired, and each predicted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.runner.events import Resource
from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from tests.runner.resources.support import Modules
from tests.runner.support import Told, run_task, run_text
from tests.tools import APK, APT, DNF, SERVICES, Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Command, CommandEnd

pytestmark = pytest.mark.slow

MANAGERS = {"apt": APT, "dnf": DNF, "apk": APK}
INSTALL = {"apt": "apt-get install -y {}", "dnf": "dnf install -y {}", "apk": "apk add {}"}
REMOVE = {"apt": "apt-get remove -y {}", "dnf": "dnf remove -y {}", "apk": "apk del {}"}
Reported = tuple[str, str, bool, list[str]]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Machine]:
    """Makes a machine with some tools, and lets tasks on this machine find only these."""

    def make(*tools: str) -> Machine:
        machine = Machine(tmp_path / "machine", tools) if tools else Machine(tmp_path / "machine")
        monkeypatch.setenv("PATH", machine.path)
        return machine

    return make


@pytest.fixture
def machine(use: Callable[..., Machine]) -> Machine:
    return use()


def reported(told: Told) -> list[Reported]:
    return [(event.kind, event.name, event.changed, event.what) for event in told.of(Resource)]


def in_process(directory: Path, *, check: bool) -> Modules:
    return Modules(directory, check=check, predict=PredictingHost if check else None)


class Step:
    """Runs one call, first as a check. Both tell the same, and the check touches nothing."""

    def __init__(self, directory: Path, machine: Machine, call: str) -> None:
        self.directory, self.machine, self.call = directory, machine, call

    def expect(self, *resources: Reported, calls: tuple[str, ...] = (), **result: Any) -> None:
        body = f"print(json.encode({self.call}))"
        changes = any(changed for _, _, changed, _ in resources)
        before, earlier = self.machine.everything(), len(self.machine.calls)
        for check in (True, False):
            modules = in_process(self.directory, check=check)
            *_, line = modules.run(body)
            found = [(each.kind, each.name, each.changed, each.what) for each in modules.sink.changes]
            assert found == list(resources)
            assert json.loads(line) == {"changed": changes, "predicted": check, **result}
            if check:
                assert self.machine.everything() == before
        assert tuple(self.machine.calls[earlier:]) == calls


@pytest.mark.parametrize("manager", MANAGERS)
def test_packages_are_installed_once_repaired_and_removed(
    manager: str, tmp_path: Path, use: Callable[..., Machine]
) -> None:
    machine = use(*MANAGERS[manager])
    both = Step(tmp_path, machine, 'package.present{"nginx", "curl"}')
    as_wanted: list[Reported] = [("package", "nginx", False, []), ("package", "curl", False, [])]
    installed = INSTALL[manager].format
    both.expect(
        ("package", "nginx", True, ["installed"]),
        ("package", "curl", True, ["installed"]),
        calls=(installed("nginx curl"),),
        what=["installed"],
        names=["nginx", "curl"],
    )
    both.expect(*as_wanted, what=[], names=[])
    machine.set_package("nginx", None)
    both.expect(
        ("package", "nginx", True, ["installed"]),
        as_wanted[1],
        calls=(installed("nginx"),),
        what=["installed"],
        names=["nginx"],
    )
    both.expect(*as_wanted, what=[], names=[])
    gone = Step(tmp_path, machine, "package.absent{names = {'nginx', 'never-there'}}")
    gone.expect(
        ("package", "nginx", True, ["removed"]),
        ("package", "never-there", False, []),
        calls=(REMOVE[manager].format("nginx"),),
        what=["removed"],
        names=["nginx"],
    )
    gone.expect(("package", "nginx", False, []), ("package", "never-there", False, []), what=[], names=[])
    assert machine.package("curl") == "installed"


@pytest.mark.parametrize("state", ["config-files", "half-installed", "unpacked", "half-configured"])
def test_to_dpkg_only_what_is_installed_is_there(state: str, tmp_path: Path, machine: Machine) -> None:
    machine.set_package("nginx", state)
    Step(tmp_path, machine, 'package.present("nginx")').expect(
        ("package", "nginx", True, ["installed"]),
        calls=("apt-get install -y nginx",),
        what=["installed"],
        names=["nginx"],
    )


def test_what_is_left_half_installed_is_removed(tmp_path: Path, machine: Machine) -> None:
    machine.set_package("nginx", "half-configured")
    Step(tmp_path, machine, 'package.absent("nginx")').expect(
        ("package", "nginx", True, ["removed"]),
        calls=("apt-get remove -y nginx",),
        what=["removed"],
        names=["nginx"],
    )


@pytest.mark.parametrize("state", ["config-files", "not-installed"])
def test_what_dpkg_only_remembers_is_absent(state: str, tmp_path: Path, machine: Machine) -> None:
    machine.set_package("nginx", state)
    Step(tmp_path, machine, 'package.absent("nginx")').expect(
        ("package", "nginx", False, []), what=[], names=[]
    )


class Counting(LocalHost):
    """This machine, as another host; notes the commands that it runs."""

    name = "web1"

    def __init__(self) -> None:
        self.ran: list[Command] = []

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        self.ran.append(command)
        return super().run(command, grace, receive)


UNCHANGED = {
    "package": "package.present{'bash', delegate_to = 'web1'}",
    "no package": "package.absent{name = 'nginx', delegate_to = 'web1'}",
    "service": "service.running{name = 'ssh', enabled = true, delegate_to = 'web1'}",
    "user": "user.present{name = 'root', uid = 0, groups = {'root'}, delegate_to = 'web1'}",
}


@pytest.mark.parametrize("call", UNCHANGED.values(), ids=UNCHANGED)
def test_what_is_as_wanted_costs_one_command_that_reads(call: str, tmp_path: Path, machine: Machine) -> None:
    machine.set_package("bash", "installed")
    machine.set_service("ssh", active="active", file="enabled")
    host = Counting()
    modules = Modules(tmp_path, others=host)
    assert modules.run(f"print({call}.changed)") == ["false"]
    assert [command.reads for command in host.ran] == [True]
    assert machine.calls == []


def test_the_look_prints_nothing_and_the_act_prints_as_any_command(tmp_path: Path, machine: Machine) -> None:
    apt = machine.bin / "apt-get"
    apt.write_text(apt.read_text().replace("exec ", "echo unpacking; exec "))
    told = run_task(tmp_path, "package.present('nginx') package.present('nginx') package.absent('curl')")
    assert told.lines == ["unpacking"]


REFUSED = {
    "package.present('-y')": "package.present: '-y' is no name of a package",
    "package.present('nginx-')": "package.present: 'nginx-' is no name of a package",
    "package.present('nginx=1.2')": "package.present: 'nginx=1.2' is no name of a package",
    "package.present('./a.deb')": "package.present: './a.deb' is no name of a package",
    "package.present('lib*')": "package.present: 'lib*' is no name of a package",
    "package.present('@dev')": "package.present: '@dev' is no name of a package",
    "package.present('a b')": "package.present: 'a b' is no name of a package",
    "package.present('a\\nb')": "package.present: 'a\nb' is no name of a package",
    "package.present('nginx\\n')": "package.present: 'nginx\n' is no name of a package",
    "package.absent('')": "package.absent: '' is no name of a package",
    "package.present(('a'):rep(256))": f"package.present: '{'a' * 256}' is no name of a package",
    "package.present({})": "package.present: needs either a name or names",
    "package.present{'a', name = 'b'}": "package.present: needs either a name or names",
    "package.present{names = {}}": "package.present: names must not be empty",
    "package.present{names = {1}}": "package.present: a name must be a string, got number",
    "package.present()": "package.present: needs a name or a table of fields, got nil",
    "package.present{'a', version = '1'}": (
        "package.present: unknown field 'version'; there are: delegate_to, name, names"
    ),
    "service.running{'a', 'b'}": "service.running: needs one name",
    "service.running('--now')": "service.running: '--now' is no name of a service",
    "service.running('ngin?')": "service.running: 'ngin?' is no name of a service",
    "service.stopped{name = 'a', enabled = 'no'}": "service.stopped: enabled must be a boolean, got string",
    "user.present('-r')": "user.present: '-r' is no name of a user",
    "user.present('1000')": "user.present: '1000' is no name of a user",
    "user.present('a:b')": "user.present: 'a:b' is no name of a user",
    "user.present{name = 'a', uid = -1}": "user.present: uid must be a whole number from 0 to 4294967294",
    "user.present{name = 'a', uid = 1.5}": "user.present: uid must be a whole number from 0 to 4294967294",
    "user.present{name = 'a', home = 'x'}": "user.present: home must be an absolute path without ':'",
    "user.present{name = 'a', shell = '/a:b'}": "user.present: shell must be an absolute path without ':'",
    "user.present{name = 'a', comment = 'a:b'}": (
        "user.present: comment must not contain ':' or control characters"
    ),
    "user.present{name = 'a', groups = {'-a'}}": "user.present: '-a' is no name of a group",
    "user.present{name = 'a', group = '0'}": "user.present: '0' is no name of a group",
    "user.present{name = 'a', password = 'x'}": (
        "user.present: unknown field 'password'; there are: comment, create_home, delegate_to, group, "
        "groups, home, name, shell, system, uid"
    ),
    "user.absent('root')": "user.absent: 'root' is not removed",
}


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: call[:40])
def test_what_makes_no_sense_is_refused(call: str, tmp_path: Path, machine: Machine) -> None:
    before = machine.everything()
    assert Modules(tmp_path).error(call) == REFUSED[call]
    assert machine.everything() == before


def failure(directory: Path, call: str, *, check: bool = False) -> str:
    modules = in_process(directory, check=check)
    message = modules.error(call)
    assert modules.sink.changes == []
    return message


def test_apt_is_told_that_nobody_is_there_to_answer(tmp_path: Path, machine: Machine) -> None:
    Modules(tmp_path).run("package.present('nginx')")
    assert (machine.directory / "frontend").read_text() == "noninteractive"


def test_a_package_that_there_is_not_fails_with_the_words_of_the_tool(
    tmp_path: Path, machine: Machine
) -> None:
    message = failure(tmp_path, "package.present('no-such')")
    assert message.startswith("package.present: 'apt-get install -y no-such -q -o DPkg::Lock::Timeout=120 ")
    assert message.endswith("' ended with exit code 100: E: Unable to locate package no-such")


def test_a_name_that_another_package_provides_fails(tmp_path: Path, machine: Machine) -> None:
    message = failure(tmp_path, "package.present('mail-virtual')")
    assert message.endswith("package 'mail-virtual' is still not installed: is that its own name?")


def test_without_a_package_manager_it_fails(tmp_path: Path, use: Callable[..., Machine]) -> None:
    use(*SERVICES)
    for check in (True, False):
        message = failure(tmp_path, "package.present('nginx')", check=check)
        assert message == "package.present: no apt-get, dnf or apk"


def test_services_are_started_enabled_repaired_and_stopped(tmp_path: Path, machine: Machine) -> None:
    machine.set_service("nginx")
    running = Step(tmp_path, machine, "service.running{name = 'nginx', enabled = true}")
    as_wanted: Reported = ("service", "nginx", False, [])
    running.expect(
        ("service", "nginx", True, ["started", "enabled"]),
        calls=("systemctl start nginx", "systemctl enable nginx"),
        what=["started", "enabled"],
    )
    running.expect(as_wanted, what=[])
    machine.set_service("nginx", active="failed", file="enabled")
    running.expect(
        ("service", "nginx", True, ["started"]), calls=("systemctl start nginx",), what=["started"]
    )
    machine.set_service("nginx", active="reloading", file="enabled-runtime")
    running.expect(
        ("service", "nginx", True, ["enabled"]), calls=("systemctl enable nginx",), what=["enabled"]
    )
    stopped = Step(tmp_path, machine, "service.stopped{'nginx', enabled = false}")
    stopped.expect(
        ("service", "nginx", True, ["stopped", "disabled"]),
        calls=("systemctl stop nginx", "systemctl disable nginx"),
        what=["stopped", "disabled"],
    )
    stopped.expect(as_wanted, what=[])


def test_whether_a_service_starts_at_boot_is_left_as_it_is_if_nothing_is_said(
    tmp_path: Path, machine: Machine
) -> None:
    machine.set_service("nginx", file="static")
    Step(tmp_path, machine, "service.running('nginx')").expect(
        ("service", "nginx", True, ["started"]), calls=("systemctl start nginx",), what=["started"]
    )
    assert machine.service("nginx") == ("loaded", "active", "static")


def test_a_service_that_there_is_not_is_stopped(tmp_path: Path, machine: Machine) -> None:
    Step(tmp_path, machine, "service.stopped{name = 'nginx', enabled = false}").expect(
        ("service", "nginx", False, []), what=[]
    )


UNFIT = {
    "missing": ("nothing", "service.running('{}')", "there is no service '{}'"),
    "to be enabled": ("nothing", "service.stopped{{'{}', enabled = true}}", "there is no service '{}'"),
    "masked": ("masked", "service.running('{}')", "service '{0}' is masked; systemctl unmask {0} allows it"),
    "static": (
        "static",
        "service.running{{'{}', enabled = true}}",
        "service '{}' is static: it has nothing to enable; leave enabled out",
    ),
    "static off": (
        "static",
        "service.stopped{{'{}', enabled = false}}",
        "service '{}' is static: it has nothing to enable; leave enabled out",
    ),
}


@pytest.mark.parametrize(("name", "call", "message"), UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_a_service_that_cannot_be_so_fails(
    name: str, call: str, message: str, check: bool, tmp_path: Path, machine: Machine
) -> None:
    machine.set_service("masked", load="masked", file="masked")
    machine.set_service("static", file="static")
    before = machine.everything()
    told = failure(tmp_path, call.format(name), check=check)
    assert told.partition(": ")[2] == message.format(name)
    assert machine.everything() == before


def test_a_service_that_ends_at_once_fails(tmp_path: Path, machine: Machine) -> None:
    machine.set_service("broken")
    assert failure(tmp_path, "service.running('broken')") == (
        "service.running: after 'systemctl start broken' service 'broken' is still not started"
    )


def test_users_are_made_repaired_and_removed(tmp_path: Path, machine: Machine) -> None:
    wanted = """user.present{name = 'app', uid = 1500, shell = '/bin/bash', home = '/srv/app', system = true,
      comment = "Ann's app", groups = {'www-data', 'docker'}, create_home = false}"""
    present = Step(tmp_path, machine, wanted)
    present.expect(
        ("user", "app", True, ["created"]),
        calls=("useradd -u 1500 -d /srv/app -s /bin/bash -c Ann's app -G www-data,docker -r -M app",),
        what=["created"],
    )
    as_wanted: Reported = ("user", "app", False, [])
    present.expect(as_wanted, what=[])
    assert machine.user("app") == ["1500", "1500", "Ann's app", "/srv/app", "/bin/bash"]
    machine.set_user("app", "1600", "1500", "by hand", "/home/app", "/bin/sh")
    group = machine.directory / "group"
    group.write_text(group.read_text().replace("docker:x:40:app", "docker:x:40:somebody"))
    what = [
        "uid 1600 -> 1500",
        "home /home/app -> /srv/app",
        "shell /bin/sh -> /bin/bash",
        "comment",
        "added to docker",
    ]
    present.expect(
        ("user", "app", True, what),
        calls=("usermod -u 1500 -d /srv/app -s /bin/bash -c Ann's app -a -G docker app",),
        what=what,
    )
    assert (machine.members("docker"), machine.members("www-data")) == (["somebody", "app"], ["app"])
    present.expect(as_wanted, what=[])
    absent = Step(tmp_path, machine, "user.absent{name = 'app', remove_home = true}")
    absent.expect(("user", "app", True, ["removed"]), calls=("userdel -r app",), what=["removed"])
    absent.expect(as_wanted, what=[])


def test_only_the_fields_of_a_user_that_are_given_are_set(tmp_path: Path, machine: Machine) -> None:
    machine.set_user("app", "7", "40", "by hand", "/x", "/bin/false")
    Step(tmp_path, machine, "user.present('app')").expect(("user", "app", False, []), what=[])
    Step(tmp_path, machine, "user.present{'app', shell = '/bin/sh'}").expect(
        ("user", "app", True, ["shell /bin/false -> /bin/sh"]),
        calls=("usermod -s /bin/sh app",),
        what=["shell /bin/false -> /bin/sh"],
    )
    assert machine.user("app") == ["7", "40", "by hand", "/x", "/bin/sh"]


def test_the_group_of_a_user_is_one_of_its_groups(tmp_path: Path, machine: Machine) -> None:
    machine.set_user("app", "7", "33", "", "/x", "/bin/sh")
    Step(tmp_path, machine, "user.present{'app', groups = {'www-data'}}").expect(
        ("user", "app", False, []), what=[]
    )
    Step(tmp_path, machine, "user.present{'app', group = 'docker'}").expect(
        ("user", "app", True, ["group www-data -> docker"]),
        calls=("usermod -g docker app",),
        what=["group www-data -> docker"],
    )
    assert machine.user("app") == ["7", "40", "", "/x", "/bin/sh"]


def test_a_group_that_there_is_not_fails(tmp_path: Path, machine: Machine) -> None:
    for check in (True, False):
        message = failure(tmp_path, "user.present{'app', groups = {'nobodies'}}", check=check)
        assert message == "user.present: there is no group 'nobodies'"


def test_a_tool_that_is_missing_fails_in_its_words(tmp_path: Path, use: Callable[..., Machine]) -> None:
    use("getent")
    assert failure(tmp_path, "user.present('app')").endswith("useradd: not found")
    assert failure(tmp_path, "service.running('ssh')") == "service.running: systemctl is not there"


SITE = """
task({name = "site", run = function()
  package.present("nginx")
  service.running{name = "nginx", enabled = true}
  user.present{name = "app", groups = {"www-data"}}
  package.present("nginx")
  service.running("nginx")
  user.present("app")
end})
"""


def test_a_check_counts_on_what_it_has_predicted(tmp_path: Path, machine: Machine) -> None:
    before = machine.everything()
    told = run_text(tmp_path, SITE, check=True)
    assert told.end.exit_code == 10
    expected = [
        ("package", "nginx", True, ["installed"]),
        ("service", "nginx", True, ["started", "enabled"]),
        ("user", "app", True, ["created"]),
        ("package", "nginx", False, []),
        ("service", "nginx", False, []),
        ("user", "app", False, []),
    ]
    assert reported(told) == expected
    uncertain = [event.uncertain and event.uncertain[:20] for event in told.of(Resource)]
    assert uncertain == [None, "apt-get install -y n", None, None, "useradd -G www-data ", None]
    assert machine.everything() == before
    done = run_text(tmp_path, SITE)
    assert (done.end.exit_code, reported(done)) == (0, expected)
    assert reported(run_text(tmp_path, SITE, check=True)) == [(*each[:2], False, []) for each in expected]


def test_a_check_counts_on_removals_too(tmp_path: Path, machine: Machine) -> None:
    machine.set_package("nginx", "installed")
    machine.set_user("app", "7", "7", "", "/x", "/bin/sh")
    told = run_task(
        tmp_path,
        "package.absent('nginx') package.present('nginx') user.absent('app') user.present('app')",
        check=True,
    )
    assert [what for _, _, _, what in reported(told)] == [
        ["removed"],
        ["installed"],
        ["removed"],
        ["created"],
    ]


def test_nothing_is_done_once_a_lock_is_lost(tmp_path: Path, machine: Machine) -> None:
    told = run_task(
        tmp_path,
        """state.lock("l", "me", 0.05)
        cmd{command = "sleep 0.2", changed = false}
        package.present("nginx")""",
    )
    assert "lock 'l' lost" in told.errors["only"]
    assert machine.calls == []


def test_the_library_of_lua_by_the_name_of_package_is_not_there(tmp_path: Path) -> None:
    calls = Modules(tmp_path).run("for name in pairs(package) do print(name) end")
    assert sorted(calls) == ["absent", "present"]
