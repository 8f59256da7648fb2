"""Directories and files as the disk has them: strange ones, and very many."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.tui.run_screen.files import disk
from sloth_tui.tui.run_screen.files.colours import colour_lua
from sloth_tui.tui.run_screen.files.disk import find_files, read_folder, read_source, stamp_of
from sloth_tui.tui.services.task_files import find_values_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A directory with nothing in it."""
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_directory_shows_directories_and_task_files(work: Path) -> None:
    for name in ("b.lua", "a.sloth", ".hidden.lua", "notes.txt"):
        (work / name).write_text("")
    (work / "sub").mkdir()
    (work / ".git").mkdir()
    (work / "link").symlink_to(work / "sub")
    (work / "loop.lua").symlink_to(work / "loop.lua")
    folder = read_folder(str(work))
    assert folder == (("link", "sub"), ("a.sloth", "b.lua", "loop.lua"), "")


def test_of_very_many_names_the_first_are_shown_and_the_rest_counted(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SHOWN_NAMES", 3)
    for number in range(7):
        (work / f"{number}.lua").write_text("")
    assert read_folder(str(work)) == ((), ("0.lua", "1.lua", "2.lua"), "4 more names: type to find one")
    monkeypatch.setattr(disk, "_LISTED_NAMES", 5)
    assert read_folder(str(work)).note == "2 more names: type to find one; only 5 names were looked at"


def test_what_cannot_be_read_is_said_in_a_few_words(work: Path) -> None:
    assert read_folder(str(work / "gone")).note == "there is no such file any more"
    assert read_source(str(work / "gone.lua")).note == "there is no such file any more"
    assert read_source(str(work)).note == f"'{work}' is a directory"
    os.mkfifo(work / "pipe.lua")
    assert read_source(str(work / "pipe.lua")).note.endswith("is not a regular file")
    (work / "binary.lua").write_bytes(b"ab\0cd")
    assert read_source(str(work / "binary.lua")).note == "not a text: byte 3 is NUL"
    assert stamp_of(str(work / "a\0b")) is None
    assert read_folder(str(work / "a\0b")).note
    assert find_values_file(str(work / "a\0b.lua")) is None


def test_a_source_is_harmless_and_bounded(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = work / "x.lua"
    file.write_bytes(b"\xef\xbb\xbfa\tb\r\n\x1b[2Jc\n\xff\nlone\rcr\n")
    source = read_source(str(file))
    assert source.lines == ["a       b", "␛[2Jc", "\\xff", "lone␍cr"]
    assert source.note == "not UTF-8: other bytes are shown as \\xNN"
    monkeypatch.setattr(disk, "SOURCE_BYTES", 1024)
    file.write_text("line\n" * 1000)
    source = read_source(str(file))
    assert source.lines == ["line"] * 204
    assert source.note == "the first 1 KiB of 4.9 KiB"
    file.write_text("y" * 9000)
    assert [len(line) for line in read_source(str(file)).lines] == [1024]


def test_a_search_goes_level_by_level_past_hidden_directories_and_links(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("z.lua", "a/deep/er/x.lua", "a/b.sloth", ".git/no.lua", "a/notes.txt"):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text("")
    (work / "a" / "again").symlink_to(work)
    assert find_files(str(work), lambda: False) == (["z.lua", "a/b.sloth", "a/deep/er/x.lua"], "")
    monkeypatch.setattr(disk, "_FOUND_FILES", 2)
    found = find_files(str(work), lambda: False)
    assert found == (["z.lua", "a/b.sloth"], "only 2 files are searched")
    monkeypatch.setattr(disk, "_FIRST_FILES", 0)
    assert find_files(str(work), lambda: False).files == ["z.lua", "a/b.sloth"]
    (work / "y.lua").write_text("")
    monkeypatch.setattr(disk, "_FIRST_FILES", 1)
    assert find_files(str(work), lambda: False).files == ["y.lua", "a/b.sloth"]
    monkeypatch.setattr(disk, "_SEEN_NAMES", 2)
    assert find_files(str(work), lambda: False).note == "only the nearest 2 names were looked at"
    assert find_files(str(work), lambda: True).files == []


def test_the_values_file_of_the_same_name_comes_first(work: Path) -> None:
    file = work / "deploy.lua"
    assert find_values_file(str(file)) is None
    (work / "values.toml").write_text("")
    assert find_values_file(str(file)) == str(work / "values.toml")
    (work / "deploy.values.json").write_text("{}")
    assert find_values_file(str(file)) == str(work / "deploy.values.json")
    (work / "deploy.values.yaml").mkdir()
    assert find_values_file(str(file)) == str(work / "deploy.values.json")


def test_lua_has_its_colours_over_several_lines() -> None:
    lines = ['local x = "text" -- said', "y = [[one", "two]] .. 12", ""]
    spans = colour_lua(lines, lambda: False)
    coloured = {(n, lines[n][span.start : span.end]) for n, found in spans.items() for span in found}
    assert {(0, "local"), (0, "text"), (0, "-- said"), (1, "[[one"), (2, "two]]"), (2, "12")} <= coloured
    assert colour_lua(lines, lambda: True) == {}


@pytest.mark.parametrize(
    "text", ["[[" * 20_000, "[" + "=" * 40_000, "--[==[" * 10_000, '"' * 40_000, "\\" * 40_000]
)
def test_no_text_takes_the_lexer_for_ever(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sloth_tui.tui.run_screen.files.colours._SECONDS", 0.05)
    spans = colour_lua([text], lambda: False)
    assert all(span.end <= len(text) for span in spans.get(0, []))
