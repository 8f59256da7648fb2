"""Commands that run only where they must, and say themselves what they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runner.resources.support import Modules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modules:
    monkeypatch.chdir(tmp_path)
    return Modules(tmp_path)


def ran(modules: Modules, fields: str) -> tuple[bool, str]:
    """Whether a command ran, and the guard that kept it from running."""
    code = f"local r = cmd({{command = 'echo ran', {fields}}}) print(r.stdout == 'ran\\n', r.skipped)"
    did, skipped = modules.run(code)[-1].split("\t")
    return did == "true", skipped


RAN = (True, "false")


def test_creates_and_removes_ask_for_paths(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    (tmp_path / "dangling").symlink_to("nothing")
    assert ran(modules, "creates = 'there'") == (False, "creates there")
    assert ran(modules, "creates = {'there', '.'}") == (False, "creates there, .")
    assert ran(modules, "creates = {'there', 'no'}") == RAN
    assert ran(modules, "creates = 'dangling'") == RAN
    assert ran(modules, "creates = 'ther*'") == RAN
    assert ran(modules, "removes = 'there'") == RAN
    assert ran(modules, "removes = {'no', 'there'}") == RAN
    assert ran(modules, "removes = 'no'") == (False, "removes no")


def test_unless_and_onlyif_ask_a_command_and_are_quiet(modules: Modules) -> None:
    assert ran(modules, "unless = 'echo noise; echo noise >&2'")[1] == "unless echo noise; echo noise >&2"
    assert ran(modules, "unless = 'exit 3'") == RAN
    assert ran(modules, "onlyif = 'exit 0'") == RAN
    assert ran(modules, "onlyif = 'exit\\t3'") == (False, "onlyif exit 3")
    assert ran(modules, "unless = 'kill -9 $$'") == RAN
    modules.run("cmd({command = 'true', onlyif = 'echo noise; echo noise >&2'})")
    assert modules.sink.lines == []


def test_guards_see_the_directory_and_environment_of_the_command(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "there").write_text("")
    inside = "cwd = 'sub', env = {WHO = 'me'}"
    assert ran(modules, f"{inside}, creates = 'there'") == (False, "creates there")
    assert ran(modules, f"{inside}, removes = 'there'") == RAN
    assert ran(modules, f"{inside}, unless = 'test -e there'")[0] is False
    assert ran(modules, f"{inside}, onlyif = '[ \"$WHO\" = me ]'") == RAN


@pytest.mark.parametrize("guard", ["unless", "onlyif"])
def test_a_guard_that_cannot_be_run_is_an_error(modules: Modules, tmp_path: Path, guard: str) -> None:
    (tmp_path / "plain").write_text("")
    for command, why in (("nosuchcommand", "not found"), ("./plain", "ermission denied")):
        told = modules.error(f"cmd({{command = 'touch ran', {guard} = '{command}'}})")
        assert told.startswith(f"cmd: {guard} '{command}' cannot be run: ")
        assert why in told
    told = modules.error(f"cmd({{command = 'touch ran', {guard} = 'sleep 60', timeout = 0.2}})")
    assert told == f"cmd: {guard} 'sleep 60' took longer than 0.2s"
    assert not (tmp_path / "ran").exists()


def test_a_command_that_was_kept_from_running_has_the_whole_result(modules: Modules) -> None:
    code = "for k, v in pairs(cmd({command = 'exit 3', creates = '.'})) do print(k, v) end"
    assert dict(row.split("\t") for row in modules.run(code)) == {
        "stdout": "",
        "stderr": "",
        "exit_code": "0",
        "success": "true",
        "changed": "false",
        "predicted": "false",
        "skipped": "creates .",
        "cut": "false",
    }


def test_what_a_command_changed_it_says_itself(modules: Modules) -> None:
    def changed(fields: str) -> str:
        return modules.run(f"print(cmd({{command = 'echo 0 rows; exit 1', check = false{fields}}}).changed)")[
            -1
        ]

    assert changed("") == "true"
    assert changed(", changed = true") == "true"
    assert changed(", changed = false") == "false"
    assert changed(", changed = function(r) return r.exit_code == 1 end") == "true"
    assert changed(", changed = function(r) return not r.stdout:find('^0 rows') end") == "false"
    assert [entry[1] for entry in modules.sink.commands] == [True, True, False, True, False]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("changed = 'yes'", "cmd: changed must be a boolean or function, got string"),
        ("changed = function() return 1 end", "cmd: changed must return a boolean, got number"),
        ("changed = function() error('why') end", "why"),
        ("creates = {}", "cmd: creates must not be empty"),
        ("creates = {1}", "cmd: creates must be a path or a list of paths"),
        ("removes = {a = 'b'}", "cmd: removes must be a path or a list of paths"),
        ("creates = ''", "cmd: creates must be a path or a list of paths"),
        ("creates = 'a\\0b'", "cmd: creates must not contain NUL"),
        ("unless = 'a\\0b'", "cmd: unless must not contain NUL"),
        ("onlyif = true", "cmd: onlyif must be a string, got boolean"),
    ],
)
def test_what_makes_no_sense_is_refused(modules: Modules, fields: str, message: str) -> None:
    assert modules.error(f"cmd({{command = 'true', {fields}}})") == message


def test_a_command_is_reported_on_one_line_with_its_guard(modules: Modules) -> None:
    modules.run("cmd({command = 'echo a\\n  b', creates = '.'}) cmd('true ' .. ('x'):rep(500))")
    (first, second) = modules.sink.commands
    assert first == ("echo a b", False, "creates .")
    assert second == ("true " + "x" * 115 + "…", True, None)


def test_an_exit_code_that_looks_like_a_lost_connection_is_one_of_the_command(modules: Modules) -> None:
    assert modules.run("print(cmd({command = 'exit 255', check = false}).exit_code)") == ["255"]
