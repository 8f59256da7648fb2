"""What modules do on a host that only predicts: they act by its methods and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import UsageError
from sloth_tui.runner.hosts.host import CommandEnd
from sloth_tui.runner.lua.context import Context
from tests.runner.resources.support import LocalHost, Modules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Attributes, Command, Content, Host, Replacement

ACTS = """
    file.copy({src = "src", dest = "new", backup = true, validate = "false %s"})
    file.copy({src = "src", dest = "old", mode = "0600"})
    file.write("old", "wanted")
    file.write({path = "src", content = "src", mode = "0777"})
    file.template({content = "{{ x }}", vars = {x = 1}, dest = "old"})
    file.line({path = "old", line = "a", match = "^a", backup = true})
    file.line({path = "old", match = "o", absent = true})
    file.line({path = "new", line = "a", create = true})
    file.block({path = "old", name = "b", block = "c"})
    file.directory({path = "d/e", mode = "0700"})
    file.directory({path = "there", mode = "0700"})
    file.link({path = "l", to = "x"})
    file.absent({path = "there", recurse = true})
    file.remove("old")
    file.tree({src = "there", dest = "tree"})
    file.tree({src = "there", dest = "other", delete = true})
    cmd("touch ran")
    cmd({command = "touch ran", changed = function() error("nothing was run") end})
"""


class Noting(LocalHost):
    """Looks at this machine, and only notes what it should do."""

    def __init__(self, host: Host) -> None:
        self.acts: list[str] = []

    def run(self, command: Command, grace: float, receive: Callable[[str, bytes], None]) -> CommandEnd:
        if command.reads:
            return super().run(command, grace, receive)
        skipped = self.check_guards(command)
        if skipped is None:
            self.acts.append("run")
        return CommandEnd(0, skipped)

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement | None = None) -> None:
        self.acts.append("put")

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        self.acts.append("set_attributes")

    def make_directory(self, path: str, wanted: Attributes, *, parents: bool) -> None:
        self.acts.append("make_directory")

    def make_link(self, path: str, to: str) -> None:
        self.acts.append("make_link")

    def remove(self, path: str, *, recurse: bool = False) -> None:
        self.acts.append("remove")

    def put_tree(self, path: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
        self.acts.append("put_tree")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    for made in ("there/sub", "other/extra"):
        (work / made).mkdir(parents=True)
    (work / "src").write_text("src")
    (work / "old").write_text("old")
    (work / "there/f").write_text("f")
    monkeypatch.chdir(work)
    return work


def everything(top: Path) -> dict[str, object]:
    return {
        str(path): (
            path.lstat().st_ino,
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.lstat().st_ctime_ns,
        )
        for path in [top, *top.rglob("*")]
    }


def test_modules_act_by_the_methods_of_the_host_alone(directory: Path) -> None:
    hosts: list[Noting] = []

    def predict(host: Host) -> Host:
        hosts.append(Noting(host))
        return hosts[0]

    modules = Modules(directory, check=True, diff=True, predict=predict)
    before = everything(directory)
    modules.run(ACTS)
    assert everything(directory) == before
    assert len(hosts) == 1
    assert hosts[0].acts == [
        *["put"] * 3,
        "set_attributes",
        *["put"] * 5,
        "make_directory",
        "set_attributes",
        "make_link",
        "remove",
        "remove",
        *["make_directory"] * 2,
        "put_tree",
        "remove",
        "make_directory",
        "put_tree",
        "run",
        "run",
    ]
    assert [change.changed for change in modules.sink.changes] == [True] * 16
    assert [entry[1] for entry in modules.sink.commands] == [True, True]


FIELDS = """
    local function names(result)
        local found = {}
        for name, value in pairs(result) do found[#found + 1] = name .. ":" .. type(value) end
        table.sort(found)
        print(table.concat(found, " "), result.changed, result.predicted)
    end
    names(file.write("new", "x"))
    names(file.line({path = "old", line = "x"}))
    names(file.directory("d"))
    names(file.tree({src = "there", dest = "tree"}))
    names(cmd("echo x"))
    names(cmd({command = "echo x", creates = "."}))
"""


def test_a_prediction_has_the_fields_of_the_real_result(directory: Path) -> None:
    predicted = Modules(directory, check=True, predict=Noting).run(FIELDS)
    real = [line for line in Modules(directory).run(FIELDS) if line != "x"]
    assert [line.split("\t")[:2] for line in predicted[:5]] == [line.split("\t")[:2] for line in real[:5]]
    assert {line.split("\t")[2] for line in predicted} == {"true"}
    assert {line.split("\t")[2] for line in real} == {"false"}


def test_a_command_that_only_reads_runs_and_one_that_does_not_gives_an_empty_result(directory: Path) -> None:
    modules = Modules(directory, check=True, predict=Noting)
    code = """
        local r = cmd({command = "cat old", changed = false})
        print(r.stdout, r.changed, r.predicted)
        r = cmd({command = "cat old; exit 3"})
        print(r.stdout == "" and r.stderr == "", r.exit_code, r.success, r.changed, r.predicted, r.skipped)
        r = cmd({command = "cat old", unless = "test -e old"})
        print(r.changed, r.predicted, r.skipped)
    """
    assert modules.run(code) == [
        "old",
        "old\tfalse\tfalse",
        "true\t0\ttrue\ttrue\ttrue\tfalse",
        "false\ttrue\tunless test -e old",
    ]


def test_task_code_sees_that_it_only_predicts(directory: Path) -> None:
    show = "print(run.check, run.id, run.host)"
    assert Modules(directory, check=True, predict=Noting).run(show) == ["true\tid\tlocal"]
    assert Modules(directory).run(show) == ["false\tid\tlocal"]
    lied = "run.check = false print(file.write('new', 'x').predicted)"
    assert Modules(directory, check=True, predict=Noting).run(lied) == ["true"]


def test_nothing_is_done_if_nothing_can_predict(directory: Path) -> None:
    context = Context(str(directory), may_act=True, check=True)
    with pytest.raises(UsageError):
        context.host(None)


def test_errors_are_those_of_a_real_run(directory: Path) -> None:
    modules = Modules(directory, check=True, predict=Noting)
    assert "match does not match line" in modules.error("file.line({path = 'old', line = 'x', match = '^y'})")
    assert "'missing' is undefined" in modules.error("file.template({content = '{{ missing }}', dest = 'f'})")
    assert "directory '" in modules.error("file.write('no/f', 'x')")
    assert "is there, and no directory" in modules.error("file.directory('old')")
