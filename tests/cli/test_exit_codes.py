"""Each documented exit code, with its one line on stderr."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.origin import this_process
from sloth_tui.store import open_store
from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


FILES = {
    "fail.lua": 'task({name = "t", run = function() error("boom") end})',
    "hang.lua": 'task({name = "t", timeout = 0.2, run = function() while true do end end})',
}

CODES = {
    "state get there": 0,
    "run fail.lua --set x": 2,
    "state get": 2,
    "state get missing": 3,
    "state list -a nobody": 3,
    "lock break free": 3,
    "state show there --revision 0": 3,
    "state list --at 99": 3,
    "state undo 99": 3,
    "state history missing": 3,
    "state watch --since 99": 3,
    "state wait missing --timeout 0.1": 4,
    "state undo 1": 5,
    "state rollback --to 1": 9,
    "state diff never": 2,
    "lock acquire held --holder me --ttl 5": 4,
    "lock acquire held --holder me --ttl 5 --wait 0.1": 4,
    "state set there x --if-absent": 5,
    "state increment there": 5,
    "lock release held --holder me": 6,
    "state list -a foreign": 7,
    "state set k v -a foreign": 7,
    "state delete there": 9,
    "state clear": 9,
    "run fail.lua": 20,
    "run hang.lua": 124,
}


@pytest.fixture
def place(base: Path, tmp_path: Path) -> Path:
    with open_store("local", "write") as store:
        store.set("there", "first")
        store.set_origin(this_process("test", "change"))
        store.set("there", "text")
        store.acquire("held", "somebody", 60)
    (base / "state" / "foreign.db").write_bytes(b"not a database at all, by any means " * 30)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(words: str, place: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "sloth_tui", *words.split()],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=place,
        preexec_fn=limited,
    )


def lines_on_stderr(code: int) -> str:
    return r"error: .+\n(hint: .+\n)?" if code else ""


@pytest.mark.parametrize(("words", "code"), CODES.items())
def test_exit_code(words: str, code: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done = piped(*words.split())
    assert done.code == code
    assert re.fullmatch(lines_on_stderr(code), done.err)


@pytest.mark.parametrize(("code", "words"), {code: words for words, code in CODES.items()}.items())
def test_a_process_ends_with_the_exit_code(code: int, words: str, place: Path) -> None:
    done = run(words, place)
    assert done.returncode == code
    assert re.fullmatch(lines_on_stderr(code), done.stderr)


def test_a_file_that_must_not_grow_is_8(place: Path, base: Path) -> None:
    """A full disk: nothing is written, and what was there stays."""
    done = run(f"state set there {'x' * 100_000}", place, limit=60_000)
    assert (done.returncode, done.stdout) == (8, "")
    assert re.fullmatch(r"error: .+\n(hint: .+\n)?", done.stderr)
    assert run("state get there", place).stdout == "text\n"
