"""The checksum of nothing is that of an empty file, and of nothing that is not there or does not match."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.runner.support import run_task, run_text, stored
from tests.ssh import needs_sshd, server, shared_server

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["server", "shared_server"]

OF_NOTHING = hashlib.sha256(b"").hexdigest()
KEY = "task:up-to-date:build"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tasks start and their files are."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ('{file = "f"}', "'f': there is no such file"),
        ('{files = "f"}', "nothing matches 'f'"),
        ('{files = "*.c"}', "nothing matches '*.c'"),
        ('{files = {"kept", "f"}}', "nothing matches 'f'"),
        ('{files = "empty/**"}', "nothing matches 'empty/**'"),
    ],
    ids=["file", "name", "star", "one of two", "empty directory"],
)
def test_what_is_not_there_has_no_checksum(work: Path, tmp_path: Path, what: str, error: str) -> None:
    (work / "kept").write_text("")
    (work / "empty").mkdir()
    told = run_task(tmp_path, f'state.set("h", "{OF_NOTHING}")\nstate.track("h", {what})')
    assert told.errors["only"] == f"tasks.lua:3: state.track: {error}"
    assert stored() == {"h": OF_NOTHING}


def test_an_empty_file_has_that_of_nothing_and_a_pattern_has_another_one(work: Path, tmp_path: Path) -> None:
    for name in ("a.c", "b.c"):
        (work / name).write_text("")
    told = run_task(
        tmp_path,
        """
        state.track("text", "")
        state.track("file", {file = "a.c"})
        for name, pattern in pairs({a = "a.c", b = "b.c", both = "*.c"}) do
          state.track("files:" .. name, {files = pattern})
        end
        """,
    )
    assert told.errors == {}
    found = stored()
    assert (found["text"], found["file"]) == (OF_NOTHING, OF_NOTHING)
    # Names count: that there is one file, which one, and how many.
    assert len({*found.values()}) == len(found) - 1


@pytest.mark.slow
def test_a_source_that_becomes_empty_or_goes_is_a_change(work: Path, tmp_path: Path) -> None:
    text = 'task({name = "build", sources = {"a.c", "b*.c"}, run = function() print("built") end})'

    def built() -> bool | str:
        told = run_text(tmp_path, text)
        return told.errors.get("build") or told.lines == ["built"]

    (work / "a.c").write_text("x")
    assert built() == "tasks.lua:1: sources: nothing matches 'b*.c'"
    assert stored() == {}
    (work / "b1.c").write_text("")
    assert [built(), built()] == [True, False]
    (work / "a.c").write_text("")
    assert [built(), built()] == [True, False]
    (work / "b2.c").write_text("")
    assert [built(), built()] == [True, False]
    (work / "b1.c").unlink()
    assert [built(), built()] == [True, False]
    before = stored()
    (work / "b2.c").unlink()
    assert [built(), built()] == ["tasks.lua:1: sources: nothing matches 'b*.c'"] * 2
    assert stored() == before  # nothing that would match what is no more
    (work / "b2.c").write_text("")
    assert not built()


@pytest.mark.parametrize(
    "host", ["local", pytest.param("web1", marks=(needs_sshd, pytest.mark.slow), id="ssh")]
)
def test_an_empty_file_is_told_from_none_on_each_host(
    request: pytest.FixtureRequest, work: Path, tmp_path: Path, host: str
) -> None:
    if host != "local":
        request.getfixturevalue("server")
    text = """
        task({name = "write", delegate_to = values.host, run = function()
          for _ = 1, 2 do
            local wrote = file.write(values.at .. "/f", "")
            print(wrote.changed, wrote.checksum)
          end
        end})
    """
    expected = [f"true\t{OF_NOTHING}", f"false\t{OF_NOTHING}"]
    for options, there in (({"check": True}, False), ({}, True)):
        told = run_text(tmp_path, text, values={"host": host, "at": str(work)}, **options)
        assert (told.errors, told.lines, (work / "f").exists()) == ({}, expected, there)
