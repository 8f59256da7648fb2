"""Events are read while they are written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.event_file import EventFile
from sloth_tui.runs.folder import RunFolder
from sloth_tui.runs.model import new_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

END = b'{"event":"run_finished","run":"0123456789ab"}'


@pytest.fixture
def folder(base: Path) -> Iterator[RunFolder]:
    folder = RunFolder.create(str(base), new_run(RunRequest("a.lua", "local"), "0123456789ab", None, ""))
    yield folder
    folder.close()


@pytest.fixture
def file(folder: RunFolder) -> Iterator[EventFile]:
    with EventFile(folder.path) as file:
        yield file


def put(folder: RunFolder, data: bytes) -> None:
    os.write(folder.events, data)


def test_only_whole_lines_are_returned_each_once(folder: RunFolder, file: EventFile) -> None:
    assert file.lines() == []
    put(folder, b"one\ntw")
    assert file.lines() == [b"one"]
    put(folder, b"o")
    assert file.lines() == []
    put(folder, b"\n\nthree\n")
    assert file.lines() == [b"two", b"", b"three"]
    assert file.lines() == []
    assert not file.ended


def test_a_line_longer_than_what_is_read_at_once_is_put_together(folder: RunFolder, file: EventFile) -> None:
    put(folder, b"x" * 100 + b"\nshort\n")
    found = [file.lines(max_bytes=30) for _ in range(5)]
    assert found == [[], [], [], [b"x" * 100, b"short"], []]


def test_the_last_event_ends_it_even_if_its_process_is_there_still(
    folder: RunFolder, file: EventFile
) -> None:
    put(folder, b"one\n" + END + b"\n")
    assert file.lines() == [b"one", END]
    assert file.ended
    assert file.lines() == []


def test_the_end_of_its_process_ends_it_once_all_is_read(folder: RunFolder) -> None:
    with EventFile(folder.path) as file:
        put(folder, b"one\ntwo\nthr")
        os.close(os.dup(folder.record))  # what a lock of fcntl(2) would not survive
        assert file.lines(max_bytes=4) == [b"one"]
        assert not file.ended
        record, folder.record = folder.record, os.dup(folder.events)
        os.close(record)
        assert file.lines(max_bytes=4) == [b"two"]
        assert not file.ended
        assert [file.lines(), file.lines()] == [[], []]
        assert file.ended


@pytest.mark.parametrize(
    ("leave", "found"), [(0, []), (3, []), (4, [b"333"]), (6, [b"333"]), (8, [b"22", b"333"])]
)
def test_what_is_not_wanted_is_left_out(
    folder: RunFolder, file: EventFile, leave: int, found: list[bytes]
) -> None:
    put(folder, b"1\n22\n333\n")
    assert file.skip(leave) == 9 - leave if leave < 9 else 0
    assert file.lines() == found
    put(folder, b"4\n")
    assert file.lines() == [b"4"]
    assert file.skip(100) == 0
    assert file.position == file.size


def test_it_can_be_read_after_it_was_removed(folder: RunFolder, file: EventFile) -> None:
    for name in os.listdir(folder.path):
        os.unlink(f"{folder.path}/{name}")
    put(folder, END + b"\n")
    assert file.lines() == [END]
    assert file.ended


def test_a_line_that_is_too_long_for_an_event_is_cut(
    folder: RunFolder, file: EventFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sloth_tui.runs.event_file._LONGEST_LINE", 5000)
    for _ in range(60):
        put(folder, b"x" * 100)
        assert file.lines() == []
        assert sum(map(len, file._pieces)) <= 5100
    put(folder, b"\nshort\n" + b"y" * 5000 + b"\n")
    assert [len(line) for line in file.lines()] == [1024, 5, 5000]
