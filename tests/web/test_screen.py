"""The terminal UI on a page: what it offers, what it tells the page, and how it ends."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.errors import DatabaseUnusable, PassphraseNeeded, SlothError
from sloth_tui.settings import Settings
from sloth_tui.tui import actions
from sloth_tui.tui.actions import NEED_TERMINAL, is_offered, rebind
from sloth_tui.tui.actions.action import OWN_GROUP
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.external import clipboard
from sloth_tui.tui.external.clipboard import Clipboard
from sloth_tui.tui.operations.agents import AgentOperations
from tests.support import A_MINUTE, rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OnAPage:
    """The part of an app that copies."""

    is_web = True

    def __init__(self) -> None:
        self.copied = ""

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    yield
    rebind({})


@pytest.mark.usefixtures("_as_it_was")
def test_what_gives_the_terminal_away_is_not_offered_whatever_the_keys_are() -> None:
    rebind({"edit_outside": "ctrl+e", "zoom": "Z"}, without=NEED_TERMINAL)
    offered = {action.id for action in actions.actions()}
    assert offered.isdisjoint(NEED_TERMINAL)
    assert not any(is_offered(name) for name in NEED_TERMINAL)
    keys = {key for binding in actions.bindings() for key in binding.key.split(",")}
    assert keys.isdisjoint({"E", "ctrl+e", "vertical_line", "ctrl+z"})
    assert "Z" in keys
    rebind({})
    assert all(is_offered(name) for name in NEED_TERMINAL)


async def test_copies_go_to_the_page_and_to_no_program_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(*_: object) -> None:
        raise AssertionError("a program here was given the text")

    monkeypatch.setattr(clipboard, "give", give)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("TMUX", "x")
    monkeypatch.setattr(clipboard, "find_program", lambda _: ("cat",))
    for command in ((), ("cat",)):
        page = OnAPage()
        assert await Clipboard(page, command).put("v1 é \udcff") == ""  # type: ignore[arg-type]
        assert page.copied == "v1 é �"
    with pytest.raises(SlothError, match="too much to copy through a browser"):
        await Clipboard(OnAPage()).put("x" * (clipboard.MAX_OSC52_BYTES + 1))  # type: ignore[arg-type]


def test_a_session_that_cannot_begin_says_why_in_one_line(base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[tui]\ntheme = 3\n")
    command = [sys.executable, "-P", "-m", "sloth_tui.web.session", "80", "24"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=A_MINUTE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "theme" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_page_that_is_closed_at_once_ends_its_session_without_complaint() -> None:
    """Also while the widgets of the first picture are being made."""
    quit_ = b'M\0\0\0\x10{"type": "quit"}'
    command = [sys.executable, "-P", "-m", "sloth_tui.web.session", "80", "24"]
    for number in range(rounds(3, 40)):
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as session:
            assert session.stdin is not None
            assert session.stdout is not None
            session.stdout.read(5)
            time.sleep(0.004 * (number % 20))
            session.stdin.write(quit_)
            session.stdin.flush()
            _, complaints = session.communicate(timeout=A_MINUTE)
        assert (session.returncode, complaints) == (0, b"")


@pytest.mark.usefixtures("_as_it_was")
async def test_a_page_that_may_change_nothing_neither_runs_checks_nor_writes_files() -> None:
    """A check of a Lua file asks by commands, and an export writes a file."""
    settings = Settings()
    for read_only in (True, False):
        SlothApp("local", settings, read_only=read_only, in_browser=True)
        assert is_offered("run_file") is is_offered("export") is not read_only
    SlothApp("local", settings, read_only=True)
    assert is_offered("run_file")


@pytest.mark.usefixtures("_as_it_was")
async def test_a_page_offers_own_commands_that_need_no_terminal_and_none_if_it_may_change_nothing() -> None:
    text = "[commands.a]\n[commands.b]\n"
    tables: dict[str, object] = {
        "a": {"run": "true", "reads_only": True},
        "b": {"run": "less", "reads_only": True, "output": "terminal"},
    }
    settings = Settings(commands=tables, commands_text=text)
    found = {}
    for read_only in (True, False):
        for in_browser in (True, False):
            SlothApp("local", settings, read_only=read_only, in_browser=in_browser)
            own = [action.id for action in actions.actions() if action.group == OWN_GROUP]
            found[read_only, in_browser] = own
    assert found == {
        (True, True): [],
        (True, False): ["own_a", "own_b"],
        (False, True): ["own_a"],
        (False, False): ["own_a", "own_b"],
    }


async def test_no_page_asks_for_a_passphrase() -> None:
    page: Any = OnAPage()
    needed = PassphraseNeeded("locked", key_file="local.key", key_id="1")
    with pytest.raises(DatabaseUnusable, match="no page asks for it"):
        await AgentOperations(page, page, page, page).unlock("local", needed)
