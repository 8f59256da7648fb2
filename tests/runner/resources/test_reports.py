"""What a run tells of its resources: events in the order of the acts, counts, lines and diffs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import KeyChanged, Resource, TaskFinished, TaskOutput
from tests.cli.support import piped
from tests.runner.support import run_task, run_text, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


EVERYTHING = """
    file.write({path = "f", content = "a\\n", mode = "0600"})
    print("one")
    state.set("k", 1)
    file.write({path = "f", content = "a\\n", mode = "0644"})
    file.line({path = "f", line = "a"})
    print("two")
    file.block({path = "f", name = "b", block = "c"})
    file.directory("d")
    file.link({path = "d/l", to = "../f"})
    file.tree({src = "d", dest = "e"})
    cmd("echo three")
    cmd({command = "echo no", creates = "f"})
    cmd({command = "true", changed = false})
    file.absent({path = "e", recurse = true})
    file.remove("f")
    file.absent("f")
"""


def test_events_come_in_the_order_of_the_acts(tmp_path: Path) -> None:
    told = run_task(tmp_path, EVERYTHING)
    assert told.end.result == "done", told.errors
    shown: list[object] = []
    for event in told.events:
        if isinstance(event, Resource):
            assert (event.task, event.host, event.predicted, event.diff) == ("only", "local", False, None)
            shown.append((event.kind, event.name, event.changed, event.what))
        elif isinstance(event, TaskOutput):
            shown.append(event.text)
        elif isinstance(event, KeyChanged):
            shown.append(event.key)
    assert shown == [
        ("file", "f", True, ["created"]),
        "one",
        "k",
        ("file", "f", True, ["mode 0600 -> 0644"]),
        ("line", "f", False, []),
        "two",
        ("block", "f", True, ["content"]),
        ("directory", "d", True, ["created"]),
        ("link", "d/l", True, ["created"]),
        ("tree", "e", True, ["created"]),
        "three",
        ("command", "echo three", True, []),
        ("command", "echo no", False, ["creates f"]),
        ("command", "true", False, []),
        ("directory", "e", True, ["removed"]),
        ("file", "f", True, ["removed"]),
        ("file", "f", False, []),
    ]
    (finished,) = told.of(TaskFinished)
    assert (finished.resources, finished.ok, finished.changed) == (9, 4, 1)


def test_each_task_counts_its_own_and_all_of_its_attempts(tmp_path: Path) -> None:
    text = """
        local tries = 0
        task({name = "a", retries = 1, run = function()
            tries = tries + 1
            file.write("f", "try " .. tries)
            file.write("f", "try " .. tries)
            if tries == 1 then error("again") end
        end})
        task({name = "b", run = function() file.write("f", "try 2") end})
        task({name = "c", run = function() end})
    """
    told = run_text(tmp_path, text)
    counts = [(event.task, event.resources, event.ok) for event in told.of(TaskFinished)]
    assert counts == [("a", 2, 2), ("b", 0, 1), ("c", 0, 0)]


def test_a_task_that_is_killed_has_its_counts_too(tmp_path: Path) -> None:
    text = """
        task({name = "a", timeout = 1, run = function()
            file.write("f", "x")
            file.write("f", "x")
            cmd("sleep 60")
        end})
    """
    told = run_text(tmp_path, text, grace=0.0)
    (finished,) = told.of(TaskFinished)
    assert (finished.result, finished.resources, finished.ok) == ("timeout", 1, 1)


def test_what_is_done_while_the_file_is_loaded_belongs_to_no_task(tmp_path: Path) -> None:
    told = run_text(tmp_path, 'file.write("f", "x")\ntask({name = "a", run = function() end})')
    (event,) = told.of(Resource)
    assert (event.task, event.name) == (None, "f")
    (finished,) = told.of(TaskFinished)
    assert finished.resources == 0


def test_what_fails_is_no_resource(tmp_path: Path) -> None:
    body = """
        pcall(cmd, "exit 3")
        pcall(file.write, "no/f", "x")
        pcall(file.write, {path = "f", content = "x", validate = "false %s"})
    """
    assert run_task(tmp_path, body).of(Resource) == []


def test_a_name_that_is_no_utf8_is_told_as_text(tmp_path: Path) -> None:
    told = run_task(tmp_path, r'file.write("\255", "x")', diff=True)
    (event,) = told.of(Resource)
    assert event.name == r"\xff"
    assert (event.diff or "").splitlines()[1] == r"+++ \xff (wanted)"
    path = write(tmp_path, r'task({name = "a", run = function() file.write("\255", "y") end})')
    for line in piped("run", path, "-o", "jsonl").out.splitlines():
        json.loads(line)


# Diffs


def test_lines_of_a_run_with_diff(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1\n2\n3\n4\n5\n6\n7\n8\nlast")
    path = write(
        tmp_path,
        r"""task({name = "a", run = function()
            file.line({path = "f", line = "five \27[31m ", match = "^[f5]", mode = "0600"})
            file.write({path = "bin", content = ("a\0"):rep(6144)})
            file.write({path = "bin", content = ("a\0"):rep(7168)})
            file.write({path = "key", content = "hunter2", secret = true})
            file.write({path = "key", content = "hunter2", secret = true, mode = "0400"})
            cmd("echo 1")
        end})""",
    )
    os.chmod(tmp_path / "f", 0o644)
    mask = os.umask(0)
    os.umask(mask)
    result = piped("run", path, "--diff")
    assert (result.code, result.err) == (0, "")
    *lines, end = result.out.splitlines()
    assert lines[2:-1] == [
        "  changed line in f: content, mode 0644 -> 0600",
        "    --- f",
        "    +++ f (wanted)",
        "    @@ -2,7 +2,7 @@",
        "     2",
        "     3",
        "     4",
        "    -5",
        "    +five ␛[31m␠",
        "     6",
        "     7",
        "     8",
        "  changed file bin: created",
        "    binary, absent -> 12 KiB",
        "  changed file bin: content",
        "    binary, 12 KiB -> 14 KiB",
        "  changed file key: created",
        f"  changed file key: mode {0o666 & ~mask:04o} -> 0400",
        "  1",
    ]
    assert lines[-1].endswith("s, 6 resources changed")
    assert end.endswith("s: 1 done; 6 resources changed")


@pytest.mark.slow
def test_secrets_are_in_no_event(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old-secret\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "k").write_text("tree-secret\n")
    path = write(
        tmp_path,
        """task({name = "a", run = function()
            file.line({path = "key", line = "line-secret", secret = true})
            file.block({path = "key", name = "b", block = "block-secret", secret = true})
            file.template({dest = "key", content = "{{ v }}", vars = {v = "template-secret"}, secret = true})
            file.copy({src = "src/k", dest = "key", secret = true})
            file.tree({src = "src", dest = "dest", secret = true})
        end})""",
    )
    out = piped("run", path, "--diff", "-o", "jsonl").out
    assert "-secret" not in out
    kinds = [json.loads(line).get("kind") for line in out.splitlines() if '"resource"' in line]
    assert kinds == ["line", "block", "file", "file", "tree"]
    open_out = piped(
        "run", write(tmp_path, 'task({name = "a", run = function() file.write("key", "x") end})'), "--diff"
    ).out
    assert "    -tree-secret" in open_out


def test_the_diff_of_a_tree_has_all_of_its_files(tmp_path: Path) -> None:
    for name, text in (("src/a", "1\n"), ("src/b", "2\n"), ("dest/a", "0\n"), ("dest/b", "2\n")):
        write(tmp_path, text, name)
    write(tmp_path, "new\n", "src/c")
    told = run_task(tmp_path, 'file.tree({src = "src", dest = "dest"})', diff=True)
    (event,) = told.of(Resource)
    assert (event.diff or "").splitlines() == [
        "--- dest/a",
        "+++ dest/a (wanted)",
        "@@ -1 +1 @@",
        "-0",
        "+1",
        "--- dest/c (absent)",
        "+++ dest/c (wanted)",
        "@@ -0,0 +1 @@",
        "+new",
    ]


def test_without_diff_there_is_none(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'file.write("f", "x") file.write("f", "y")')
    assert [event.diff for event in told.of(Resource)] == [None, None]
