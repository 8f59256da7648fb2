"""A run whose record cannot be written goes on, and ends as it would; what is missing is told."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runs.archive import Archive
from sloth_tui.runs.pruning import prune
from tests.cli.support import piped
from tests.runner.support import write
from tests.store.small_disk import small_disk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PRINTS = """
task({name = "prints", run = function()
  for number = 1, 3000 do print(string.rep("x", 100)) end
  %s
end})
"""


def test_a_full_disk_costs_events_and_neither_the_run_nor_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, PRINTS % 'error("no")')
    with small_disk() as disk:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(disk.root / "base"))
        (disk.root / "base").mkdir()
        disk.fill(but=100_000)
        done = piped("run", file)
        assert done.code == 20
        assert done.out.count("x" * 100) == 3000
        (run,) = Archive().runs()
        assert (run.result, run.exit_code, run.error) == ("failed", 20, "1 task failed")
        assert 0 < run.missing < 3010
        warning, error = done.err.splitlines()
        missing = f"{run.missing:,} events of it could not be written: no space left on device"
        assert warning == f"warning: the record of run {run.id} is not complete: {missing}"
        assert error == "error: 1 task failed"
        shown = piped("runs", "output", run.id)
        assert shown.code == 0
        assert "Traceback" not in shown.err


def test_where_events_are_missing_is_told_once_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk() as disk:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(disk.root / "base"))
        (disk.root / "base").mkdir()
        disk.fill(but=100_000)
        ballast = disk.root / "ballast"
        file = write(tmp_path, PRINTS % f'cmd("rm {ballast}"); print("after")')
        assert piped("run", file).code == 0
        (run,) = Archive().runs()
        lines = piped("runs", "output", run.id).out.splitlines()
        assert lines[-1].startswith("run done in ")
        told = [line for line in lines if "could not be kept here: no space left on device" in line]
        assert told == [
            f"  warning: {run.missing:,} events of the run could not be kept here: no space left on device"
        ]
        assert lines.index(told[0]) > 100


def test_a_folder_that_vanishes_is_told_and_no_failure(tmp_path: Path, base: Path) -> None:
    file = write(
        tmp_path, f'task({{name = "t", run = function() cmd("rm -r {base}/runs"); print("on") end}})'
    )
    done = piped("run", file)
    assert done.code == 0
    assert "  on\n" in done.out
    assert done.err.startswith("warning: the record of run ")
    assert done.err.endswith(" is not complete: its folder was removed meanwhile\n")
    assert Archive().runs() == []


def test_a_run_that_cannot_be_kept_says_so_in_one_line(tmp_path: Path, base: Path) -> None:
    file = write(tmp_path, 'task({name = "t", run = function() print("on") end})')
    base.mkdir()
    (base / "runs").touch()
    done = piped("run", file)
    assert (done.code, done.err) == (0, f"warning: this run is not kept: {base}/runs: not a directory\n")
    (base / "config.toml").write_text("[runs]\nkeep = 0\n")
    done = piped("run", file)
    assert (done.code, done.err) == (0, "")


@pytest.fixture
def kept(tmp_path: Path, base: Path) -> Path:
    """The folder of a run that has ended."""
    file = write(tmp_path, 'task({name = "t", run = function() print("said"); state.set("k", 1) end})')
    assert piped("run", file).code == 0
    return base / "runs" / Archive().runs()[0].id


RECORDS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"id": 1}',
    b"[" * 100_000,
    b'{"id": "0123456789ab", "started": 1e400}',
]


def test_a_damaged_record_is_left_out(kept: Path) -> None:
    whole = json.loads((kept / "run.json").read_bytes())
    values: tuple[object, ...] = ([], 1e300, -1, 10**30)
    wrong = [{**whole, name: value} for name in whole for value in values]
    wrong += [
        {name: value for name, value in whole.items() if name != left_out} for left_out in ("id", "tasks")
    ]
    for record in [*RECORDS, *(json.dumps(fields).encode() for fields in wrong)]:
        (kept / "run.json").write_bytes(record)
        for command in (("list",), ("show", kept.name), ("output", kept.name)):
            done = piped("runs", *command, "-o", "jsonl" if command[0] != "show" else "json")
            assert done.code in (0, 3)
            assert len(done.err.splitlines()) <= 2
    (kept / "run.json").unlink()
    os.mkfifo(kept / "run.json")
    assert Archive().runs() == []
    (kept / "run.json").unlink()
    (kept / "run.json").symlink_to("/etc/passwd")
    assert Archive().runs() == []


def test_runs_that_cannot_be_known_are_no_empty_list(base: Path) -> None:
    base.mkdir()
    assert piped("runs", "list") == (0, b"", b"")
    (base / "runs").symlink_to("nowhere")
    for words in (("list",), ("show", "0123456789ab"), ("attach", "01")):
        done = piped("runs", *words)
        assert (done.code, done.out) == (7, "")
        assert done.err.startswith(f"error: {base}/runs: a symbolic link to nothing\n")


def test_lines_that_are_no_events_are_left_out_and_counted(kept: Path) -> None:
    events = kept / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    wrong = [
        b"\n",
        b"garbage\n",
        b"\xff\xff\n",
        b'{"event":"task_output"}\n',
        b'{"event":"task_output","task":1,"stream":"print","text":"x"}\n',
        b'{"event":"task_finished","task":"t","result":"done","duration":NaN,"changed":0,"error":null,"trace":null}\n',
        b'{"event":"run_started","run":"r","file":"f","agent":"a","tasks":[1],"at":1}\n',
        b"[" * 50_000 + b"\n",
    ]
    newer = b'{"event":"task_output","task":"t","stream":"print","text":"newer","colour":"red"}\n'
    events.write_bytes(b"".join([*lines[:3], *wrong, newer, *lines[3:], lines[2][:-5]]))
    done = piped("runs", "output", kept.name)
    assert (done.code, "Traceback" in done.err) == (0, False)
    assert done.err == f"warning: 7 lines of the events of run {kept.name} cannot be read, and left out\n"
    assert [line for line in done.out.splitlines() if line.startswith("  ")][:2] == ["  said", "  newer"]
    assert piped("runs", "show", kept.name).err == done.err


def test_a_run_without_events_is_told(kept: Path) -> None:
    (kept / "events.jsonl").unlink()
    done = piped("runs", "output", kept.name)
    assert (done.code, done.err.splitlines()[0]) == (
        3,
        f"error: the events of run '{kept.name}' are not kept",
    )


def test_hostile_text_is_escaped(tmp_path: Path, base: Path) -> None:
    hostile = "\\27]0;owned\\7\\27[31m\\u{202e}"
    does = f'print("p{hostile}"); state.set("k{hostile}", "v{hostile}"); error("e{hostile}")'
    text = f'task({{name = "t{hostile}", run = function() {does} end}})'
    file = write(tmp_path, text, "a\x1b[31m\u202e.lua")
    assert piped("run", file, "--set", "x=\x1b[0m").code == 20
    (run,) = Archive().runs()
    for command in (("list",), ("show", run.id), ("output", run.id), ("output", run.id, "-o", "jsonl")):
        done = piped("runs", *command)
        assert done.code == 0
        for text in (done.out, done.err):
            assert "\x1b" not in text
            assert "\x07" not in text
            assert "\u202e" not in text or "jsonl" in command


def test_files_of_others_are_left_alone(kept: Path, base: Path) -> None:
    runs = base / "runs"
    (runs / "README").write_text("mine")
    (runs / "0123456789ab").write_text("no folder")
    (kept / "notes.txt").write_text("mine")
    shutil.copytree(kept, runs / "copy")
    assert [run.id for run in Archive().runs()] == [kept.name]
    assert prune(str(base), (0, 0.0, 0.0)) == 1
    left = {path.name for path in runs.iterdir()}
    assert left >= {"0123456789ab", "README", "copy", kept.name}
    assert [path.name for path in kept.iterdir()] == ["notes.txt"]
    assert Archive().runs() == []
