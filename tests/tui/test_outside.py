"""The terminal is lent to an editor and a pager, and comes back."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.support import wait_until
from tests.tui.test_changes import stored
from tests.tui.test_terminal import ALTERNATE_SCREEN, Terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


_EDITOR = """#!/bin/sh
echo "EDITING $(cat "$1")"
read answer
printf %s "$answer" > "$1"
"""
_PAGER = "sh -c 'head -c 100; echo; echo THE END'"


def lent(tmp_path: Path) -> Terminal:
    """The app on the first key, a secret that is shown, with a slow editor and a pager that does not wait."""
    program = tmp_path / "editor"
    program.write_text(_EDITOR)
    program.chmod(0o700)
    terminal = Terminal(EDITOR=str(program), VISUAL="", PAGER=_PAGER)
    terminal.sees("deployment:version")
    # There is more on screen than keys once the locks are.
    terminal.sees("task-123")
    terminal.process.send("x")
    terminal.sees("tok_very_secret")
    return terminal


def test_editor_and_pager_have_the_terminal_while_they_run(believable: Path, tmp_path: Path) -> None:
    terminal = lent(tmp_path)
    terminal.process.send("E")
    terminal.sees("EDITING tok_very_secret")
    assert terminal.received.rfind(ALTERNATE_SCREEN + b"l") > terminal.received.rfind(ALTERNATE_SCREEN + b"h")
    terminal.process.sendintr()
    terminal.sees("ended by signal 2")
    terminal.process.send("E")
    terminal.sees("EDITING tok_very_secret")
    terminal.process.send("other\n")
    wait_until(lambda: stored("app:api_token") == "other", what="what was edited in the store")
    terminal.sees("3 Detail")
    terminal.process.send("|")
    terminal.sees("THE END")
    terminal.sees("(enter goes back)")
    terminal.process.send("\n")
    terminal.sees("3 Detail")
    terminal.process.send("q")
    terminal.ends(0)
    assert terminal.is_restored()


def test_a_signal_ends_the_editor_and_then_the_app(believable: Path, tmp_path: Path) -> None:
    terminal = lent(tmp_path)
    terminal.process.send("E")
    terminal.sees("EDITING")
    terminal.process.kill(signal.SIGTERM)
    terminal.ends(128 + signal.SIGTERM)
    assert terminal.is_restored()
    assert stored("app:api_token") == "tok_very_secret"


def test_an_editor_finds_and_leaves_line_ends_as_they_are(base: Path, tmp_path: Path) -> None:
    program = tmp_path / "editor"
    program.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/found\nsed -i s/two/2/ "$1"\n')
    program.chmod(0o700)
    text = "one\r\ntwo\rthree\n\tfour\r\n"
    with open_store("local", "write") as store:
        store.set("lines", text)
    terminal = Terminal(EDITOR=str(program), VISUAL="")
    terminal.sees("four")
    terminal.sees("No lock is held")
    terminal.process.send("E")
    wait_until(lambda: stored("lines") != text, what="what was edited in the store")
    # Exact, where a text is not only lines that end in LF.
    assert json.loads((tmp_path / "found").read_bytes()) == text
    assert stored("lines") == text.replace("two", "2")
    terminal.sees("3 Detail")
    terminal.process.send("q")
    terminal.ends(0)
