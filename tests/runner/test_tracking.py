"""``state.track``: what has changed since a task last succeeded."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import KeyChanged
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from sloth_tui.store import open_store
from tests.runner.support import FAILS, errors_of, lines_of, put, run_task, run_text, stored, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tasks start; the task file is elsewhere."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


# The value


def test_the_checksum_is_stored_under_the_key_itself(tmp_path: Path) -> None:
    body = 'print(state.track("config:hash", "text"))'
    assert lines_of(tmp_path, body) == [f"true\tnil\t{sha256('text')}"]
    assert stored() == {"config:hash": sha256("text")}
    assert lines_of(tmp_path, body) == [f"false\t{sha256('text')}\t{sha256('text')}"]
    assert lines_of(tmp_path, 'print(state.track("config:hash", "other"))') == [
        f"true\t{sha256('text')}\t{sha256('other')}"
    ]


def test_stores_that_have_the_documented_checksums_go_on_working(tmp_path: Path) -> None:
    put(**{"config:hash:app": sha256("x")})
    (tmp_path / "app.conf").write_text("x")
    assert lines_of(tmp_path, 'print((state.track("config:hash:app", {file = "app.conf"})))') == ["false"]


def test_nothing_is_written_if_nothing_changed(tmp_path: Path) -> None:
    lines_of(tmp_path, 'state.track("h", "x")')
    with open_store("local") as store:
        before = store.revision()
    told = run_task(tmp_path, 'state.track("h", "x") state.track("h", "x", function() error("ran") end)')
    assert told.end.result == "done"
    with open_store("local") as store:
        assert store.revision() == before


def test_a_value_that_is_no_checksum_is_another_one(tmp_path: Path) -> None:
    put(h=5)
    assert lines_of(tmp_path, 'print(state.track("h", "x"))') == [f"true\tnil\t{sha256('x')}"]


# When it is stored


def test_a_function_runs_if_it_changed_and_then_it_is_stored(tmp_path: Path) -> None:
    body = """
        local changed = state.track("h", "x", function()
          print("ran", state.get("h"))
        end)
        print(changed, state.get("h") == crypto.sha256("x"))
    """
    assert lines_of(tmp_path, body) == ["ran\tnil", "true\ttrue"]
    assert lines_of(tmp_path, body) == ["false\ttrue"]


@pytest.mark.parametrize("end", ['error("no luck")', 'return false, "no luck"'], ids=["raises", "false"])
def test_a_function_that_fails_stores_nothing(tmp_path: Path, end: str) -> None:
    told = run_task(tmp_path, f'state.track("h", "x", function() {end} end)')
    assert "no luck" in told.errors["only"]
    assert stored() == {}
    caught = f'pcall(state.track, "h", "x", function() {end} end) print(state.get("h"))'
    assert lines_of(tmp_path, caught) == ["nil"]


def test_without_a_function_it_is_stored_at_the_end(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        task({name = "one", run = function()
          state.track("a", "1") state.track("b", "2") print(state.get("a"))
        end})
        task({name = "two", run = function() print(state.get("a") ~= nil, state.get("b") ~= nil) end})
        """,
    )
    assert told.lines == ["nil", "true\ttrue"]
    assert told.changes == [("a", None, sha256("1")), ("b", None, sha256("2"))]
    assert [event.task for event in told.of(KeyChanged)] == ["one", "one"]


def test_it_is_not_stored_if_the_task_fails(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'state.track("h", "x") state.set("other", 1) error("no luck")')
    assert told.end.result == "failed"
    assert stored() == {"other": 1}


def test_it_is_not_stored_if_the_task_leaves_a_transaction_open(tmp_path: Path) -> None:
    told = run_task(
        tmp_path,
        """
        state.track("h", "x")
        local co = coroutine.wrap(function() state.transaction(function() coroutine.yield() end) end)
        co()
        """,
    )
    assert "transaction was left open" in told.errors["only"]
    assert stored() == {}


def test_each_attempt_begins_anew(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        local attempt = 0
        task({name = "only", retries = 1, run = function()
          attempt = attempt + 1
          if attempt == 1 then state.track("first", "x") error("no luck") end
          print((state.track("second", "y")))
        end})
        """,
    )
    assert told.end.result == "done"
    assert stored() == {"second": sha256("y")}


def test_it_is_not_stored_if_the_task_takes_too_long(tmp_path: Path) -> None:
    told = run_text(
        tmp_path,
        """
        task({name = "only", timeout = 0.3, run = function()
          state.track("h", "x")
          while true do end
        end})
        """,
    )
    assert told.end.result == "timeout"
    assert stored() == {}


def test_it_is_not_stored_if_the_run_is_stopped(tmp_path: Path) -> None:
    text = """
        task({name = "only", run = function()
          state.track("h", "x")
          print("begun")
          while true do end
        end})
    """
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local"))
    for event in supervisor.events():
        if getattr(event, "text", "") == "begun":
            supervisor.stop()
    assert stored() == {}


def test_it_is_refused_where_the_write_would_come_too_late(tmp_path: Path) -> None:
    body = (
        FAILS
        + """
        state.with_lock("l", "me", 60, function() fails(state.track, "h", "x") end)
        state.transaction(function() fails(state.track, "h", "x") end)
        state.with_lock("l", "me", 60, function() state.track("h", "x", function() end) end)
        state.transaction(function() state.track("i", "x", function() end) end)
    """
    )
    told = run_task(tmp_path, body)
    refusal = (
        "state.track: needs its function inside state.with_lock and state.transaction "
        "(without one it stores the checksum at the end of the task, after them)"
    )
    assert told.lines == [refusal, refusal]
    assert set(stored()) == {"h", "i"}


def test_a_transaction_that_is_rolled_back_takes_it_back(tmp_path: Path) -> None:
    lines = lines_of(
        tmp_path,
        """
        pcall(state.transaction, function() state.track("h", "x", function() end) error("no") end)
        print(state.get("h"))
        """,
    )
    assert lines == ["nil"]


def test_inside_a_lock_the_write_is_fenced(tmp_path: Path) -> None:
    told = run_task(
        tmp_path,
        """
        state.with_lock("l", "me", 60, function()
          state.track("h", "x", function() state.unlock("l", "me") end)
        end)
        """,
    )
    assert told.end.result == "failed"


def test_a_lock_of_the_task_fences_what_is_stored_at_its_end(tmp_path: Path) -> None:
    told = run_task(
        tmp_path,
        """
        state.lock("l", "me", 0.2)
        state.track("h", "x")
        cmd("sleep 0.4")
        """,
    )
    assert "lock 'l' lost" in told.errors["only"]
    assert stored() == {}


def test_an_undo_makes_the_next_run_act_again(tmp_path: Path) -> None:
    body = 'state.track("h", "x", function() print("ran") end)'
    assert lines_of(tmp_path, body) == ["ran"]
    assert lines_of(tmp_path, body) == []
    with open_store("local", "write") as store:
        store.undo(store.newest_change_set())
    assert lines_of(tmp_path, body) == ["ran"]


# Files


def changed(tmp_path: Path, what: str) -> str:
    """Track it under ``h``; ``true`` or ``false``."""
    (line,) = lines_of(tmp_path, f'print((state.track("h", {what})))')
    return line


def test_a_file_is_found_beside_the_task_file_or_where_the_task_starts(tmp_path: Path, work: Path) -> None:
    (work / "a").write_text("in work")
    (line,) = lines_of(tmp_path, 'print(state.track("h", {file = "a"}))')
    assert line == f"true\tnil\t{sha256('in work')}"
    (tmp_path / "a").write_text("beside")
    assert changed(tmp_path, '{file = "a"}') == "true"
    assert stored() == {"h": sha256("beside")}


def test_a_file_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert changed(tmp_path, '{file = "a"}') == "true"
    os.utime(tmp_path / "a", (1, 1))
    assert changed(tmp_path, '{file = "a"}') == "false"
    assert changed(tmp_path, '{files = "a"}') == "true"
    os.utime(tmp_path / "a", (2, 2))
    (tmp_path / "a").chmod(0o600)
    assert changed(tmp_path, '{files = "a"}') == "false"


@pytest.mark.parametrize(
    ("made", "error"),
    [
        ("", "'ghost': there is no such file"),
        ("mkdir -p ../ghost", "ghost': it is a directory"),
        ("mkfifo ../ghost", "ghost': it is no regular file"),
    ],
    ids=["absent", "directory", "pipe"],
)
def test_what_is_no_file_is_an_error(tmp_path: Path, made: str, error: str) -> None:
    told = run_task(tmp_path, f'cmd("{made or "true"}") state.track("h", {{file = "ghost"}})')
    assert error in told.errors["only"]
    assert told.errors["only"].startswith("tasks.lua:")
    assert stored() == {}


def test_files_are_one_checksum_over_names_contents_and_the_x_bit(tmp_path: Path) -> None:
    src = tmp_path / "src"
    (src / "deep" / "er").mkdir(parents=True)
    for name in ("a.c", "b.c", "note.txt", "deep/c.c", "deep/er/d.c", ".hidden.c"):
        (src / name).write_text(name)
    what = '{files = {"src/**/*.c", "src/*.txt"}}'
    assert changed(tmp_path, what) == "true"
    assert changed(tmp_path, what) == "false"
    (src / ".hidden.c").write_text("not looked at")
    (src / "deep" / "note.txt").write_text("not matched")
    (src / "empty").mkdir()
    assert changed(tmp_path, what) == "false"
    for command in (
        "echo edited > deep/er/d.c",
        "mv a.c renamed.c",
        "rm b.c",
        "touch deep/new.c",
        "chmod +x note.txt",
        "ln -s b.c link.c",
        "ln -sf c.c link.c",
    ):
        subprocess.run(command, shell=True, cwd=src, check=True)
        assert changed(tmp_path, what) == "true"
        assert changed(tmp_path, what) == "false"


def test_a_moved_checkout_is_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "a.c").write_text("x")
    body = 'print((state.track("h", {files = "src/*"})))'
    assert lines_of(tmp_path / "one", body) == ["true"]
    assert lines_of(tmp_path / "two", body) == ["false"]


def test_content_that_moves_between_files_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("1")
    (tmp_path / "b.c").write_text("2")
    assert changed(tmp_path, '{files = "*.c"}') == "true"
    (tmp_path / "a.c").write_text("2")
    (tmp_path / "b.c").write_text("1")
    assert changed(tmp_path, '{files = "*.c"}') == "true"


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a").write_text("x")
    (tmp_path / "src" / "loop").symlink_to(".")
    assert changed(tmp_path, '{files = "src/**"}') == "true"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b").write_text("y")
    (tmp_path / "src" / "out").symlink_to("../elsewhere")
    assert changed(tmp_path, '{files = "src/**"}') == "true"
    (tmp_path / "elsewhere" / "b").write_text("z")
    assert changed(tmp_path, '{files = "src/**"}') == "false"


@pytest.mark.parametrize(
    "pattern", ["none/*.c", "ghost", "*.nothing", "dir", "dir/**"], ids=["dir", "name", "star", "d", "deep"]
)
def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "dir" / "sub").mkdir(parents=True)
    (tmp_path / "a.c").write_text("x")
    told = run_task(tmp_path, f'state.track("h", {{files = {{"a.c", "{pattern}"}}}})')
    assert f"state.track: nothing matches '{pattern}'" in told.errors["only"]
    assert stored() == {}


WRONG = [
    ('"h"', "what must be a text, { file = path } or { files = pattern }, got nil"),
    ('"h", {}', "state.track: what must be a text, { file = path } or { files = pattern }"),
    ('"h", {file = "a", files = "b"}', "what must be a text, { file = path } or { files = pattern }"),
    ('"h", {path = "a"}', "state.track: unknown field 'path'; there are: file, files"),
    ('"h", {file = 5}', "state.track: file must be a string, got number"),
    ('"h", {files = {}}', "state.track: files must not be empty"),
    ('"h", {files = {1}}', "state.track: files must be a list of patterns; field 1 is a number"),
    ('"h", {files = ""}', "state.track: a pattern must not be empty or contain NUL"),
    ('5, "x"', "state.track: key must be a string, got number"),
    ('"", "x"', "state.track: a key must not be empty"),
    ('"h", "x", 5', "state.track: fn must be a function, got number"),
    ('"h", {file = "a\\0b"}', "state.track: a path must not contain NUL"),
]
"""Arguments, and what the message says."""


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    errors = errors_of(tmp_path, [f"state.track({arguments})" for arguments, _ in WRONG])
    for (arguments, words), error in zip(WRONG, errors, strict=True):
        assert words in (error or ""), (arguments, error)


# Check mode


def test_a_check_stores_nothing_so_that_the_next_run_acts(tmp_path: Path) -> None:
    body = 'state.track("h", "x", function() print("ran") end) state.track("i", "y")'
    told = run_task(tmp_path, body, check=True)
    assert told.lines == ["ran"]
    assert [key for key, _, _ in told.changes] == ["h", "i"]
    assert told.end.exit_code == 10
    assert stored() == {}
    assert run_task(tmp_path, body).lines == ["ran"]
    assert run_task(tmp_path, body, check=True).end.exit_code == 0


def test_a_check_sees_the_files_that_would_be_written(tmp_path: Path, work: Path) -> None:
    (work / "gone").write_text("x")
    body = """
        file.write("app.conf", "wanted")
        file.directory("conf.d")
        file.write("conf.d/one", "1")
        file.absent("gone")
        state.track("h", {file = "app.conf"})
        state.track("i", {files = {"conf.d/*", "app.*"}})
        print(pcall(state.track, "j", {files = "gon*"}))
    """
    told = run_task(tmp_path, body, check=True)
    real = run_task(tmp_path, body)
    assert told.changes == real.changes
    assert told.lines == real.lines
    assert dict(stored())["h"] == sha256("wanted")
