"""The agents pane: what it tells, and making, copying and deleting agents."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button, Input

from sloth_tui import agents
from sloth_tui.store import open_path, open_store, sqlite
from sloth_tui.store.sqlite.agents import SqliteAgents
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.progress import ProgressScreen
from sloth_tui.tui.dialogs.prompt import PromptScreen
from sloth_tui.tui.dialogs.typed_confirm import TypedConfirmScreen
from sloth_tui.tui.messages import AgentSummary
from sloth_tui.tui.operations.agents import find_unused_name
from sloth_tui.tui.widgets import agent_list
from sloth_tui.tui.widgets.agent_list import Look, describe, has_changed
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import Driver, running, until
from tests.tui.state import ENTRIES, elsewhere
from tests.tui.test_hostile import inspect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


WEB = AgentSummary("web", True, 98_304, keys=1_234, locks=2, changed_at=1000.0)


def test_an_agent_is_described_in_the_room_there_is() -> None:
    assert describe(Look(WEB, "2m", 34)).plain.split("\n") == [
        "  web                           2m",
        "  1,234 keys · 96 KiB · 2 locks",
    ]
    assert describe(Look(WEB, "2m", 20, chosen=True, pulsing=True)).plain.split("\n") == [
        "▸ web           ● 2m",
        "  1,234 keys",
        "  96 KiB · 2 locks",
    ]
    assert describe(Look(AgentSummary("local", False, 0), "", 20)).plain.split("\n")[1] == "  empty"
    damaged = AgentSummary("x", True, 5, problem="not a \x1b database")
    assert describe(Look(damaged, "1d", 20)).plain.split("\n")[1] == "  ✗ not a ␛ database"


def test_a_pulse_is_for_changes_of_the_store() -> None:
    assert not has_changed(None, WEB)
    assert not has_changed(AgentSummary("web", True, 98_304), WEB)
    assert not has_changed(WEB._replace(size=4), WEB)
    assert has_changed(WEB._replace(changed_at=999.0), WEB)
    assert has_changed(WEB._replace(locks=0), WEB)


def test_a_copy_has_a_name_that_is_not_taken() -> None:
    assert find_unused_name("web", ["web"]) == "web-copy"
    assert find_unused_name("web", ["web", "web-copy", "web-copy-2"]) == "web-copy-3"
    assert len(agents.check_name(find_unused_name("x" * 64, ["x" * 64]))) <= 64


async def test_an_agent_that_changes_stands_out_for_a_moment(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough that a busy machine looks at the screen meanwhile.
    monkeypatch.setattr(agent_list, "PULSE_SECONDS", 3.0)
    async with running() as app:
        await app.sees("1 key ·")
        assert "●" not in first_column(app, app.text())
        elsewhere("store = open_store('production', 'write'); store.set('b', 1); store.acquire('x', 'y', 60)")
        await until(lambda: "●" in first_column(app, app.glance()))
        await app.sees("2 keys ·")
        await until(lambda: "●" not in first_column(app, app.glance()))
        assert "1 lock" in first_column(app, app.text())
        app.app.animation_level = "none"
        elsewhere("open_store('production', 'write').__enter__().set('c', 1)")
        await app.sees("3 keys ·")
        assert "●" not in first_column(app, app.text())


async def test_made_copied_and_deleted(believable: Path) -> None:
    async with running() as app:
        await app.press("1", "n")
        await until(lambda: isinstance(app.app.screen, PromptScreen))
        await types(app, "../x")
        await app.sees("✗ '../x' is not an agent name")
        await types(app, "local")
        await app.sees("✗ there is an agent local already")
        await types(app, "staging")
        await until(lambda: app.find(TitleBar).agent == "staging")
        await app.sees("No key here yet.")
        assert os.path.exists(sqlite.database_path("staging"))

        app.browser.choose_agent("local")
        await until(lambda: app.find(TitleBar).agent == "local")
        await app.press("1", "C")
        await until(lambda: isinstance(app.app.screen, PromptScreen))
        assert app.on_top(Input).value == "local-copy"
        await app.press("enter")
        await until(lambda: app.find(TitleBar).agent == "local-copy")
        await app.sees(f"{len(ENTRIES)} keys  ● live")
        with open_store("local-copy", "read") as store:
            assert dict(store.items()) == ENTRIES

        await app.press("d")
        await until(lambda: isinstance(app.app.screen, TypedConfirmScreen))
        assert app.on_top(Button, "#confirm").disabled
        await types(app, "local")
        assert isinstance(app.app.screen, TypedConfirmScreen)
        await app.press("escape")
        await until(lambda: isinstance(app.app.screen, BrowserScreen))
        await until(lambda: "local-copy" in app.browser.agent_names)
        await app.press("d")
        await app.sees(f"it holds {len(ENTRIES)} keys")
        await types(app, "local-copy")
        await until(lambda: any("deleted agent local-copy · backup:" in toast for toast in app.toasts))
        await until(lambda: app.find(TitleBar).agent == "production")
        assert not os.path.exists(sqlite.database_path("local-copy"))
        backup, checksum = sorted(os.listdir(sqlite.backup_directory()))
        assert checksum == f"{backup}.sha256"
        with open_path(os.path.join(sqlite.backup_directory(), backup)) as kept:
            assert dict(kept.items()) == ENTRIES
        await until(lambda: "local-copy" not in app.browser.agent_names)


async def test_a_long_copy_shows_how_far_it_is_and_can_be_cancelled(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, duplicate = threading.Event(), SqliteAgents.duplicate

    def slow(self: SqliteAgents, name: str, copy: str, progress: Callable[[int, int], object]) -> str:
        while not going.is_set():
            progress(30, 100)
            time.sleep(0.01)
        return duplicate(self, name, copy, progress)

    monkeypatch.setattr(SqliteAgents, "duplicate", slow)
    async with running() as app:
        for ending, seen in (("escape", "cancelled: nothing was changed"), ("", "copied agent local to")):
            await app.press("1", "C")
            await until(lambda: isinstance(app.app.screen, PromptScreen))
            await app.press("enter")
            await until(lambda: isinstance(app.app.screen, ProgressScreen))
            await app.sees("30 of 100 pages")
            assert "━╌" in app.text()
            if ending:
                await app.press(ending)
            else:
                going.set()
            await app.sees(seen)
            await until(lambda: isinstance(app.app.screen, BrowserScreen))
        assert sqlite.agent_names() == ["local", "local-copy", "production"]


async def test_a_database_that_cannot_be_read_stays(believable: Path) -> None:
    (believable / "state" / "broken.db").write_bytes(b"no database" * 100)
    async with running() as app:
        await app.sees("✗ not a SQLite")
        await app.press("1", "k")
        app.browser.choose_agent("broken")
        await until(lambda: app.find(TitleBar).state == "no answer")
        await app.press("d")
        await until(lambda: isinstance(app.app.screen, TypedConfirmScreen))
        await app.sees("it cannot be read: not a SQLite database")
        inspect(app)
        await types(app, "broken")
        await until(lambda: any("not a SQLite database" in toast for toast in app.toasts))
        await until(lambda: app.find(TitleBar).agent == "broken")
    assert (believable / "state" / "broken.db").exists()


async def test_keys_of_vi_move_among_agents_and_what_is_refused(believable: Path) -> None:
    async with running() as app:
        await app.press("1", "j")
        await until(lambda: app.find(TitleBar).agent == "production")
        await app.press("g")
        await until(lambda: app.find(TitleBar).agent == "local")
        await app.press("G", "enter")
        await until(lambda: app.find(TitleBar).agent == "production" and app.browser.current == "keys")
        await app.press("1", "g")
        await until(lambda: app.find(TitleBar).agent == "local")
        await app.press("d")
        await app.sees("agent local always exists")
        with open_store("production", "read"):
            await app.press("j", "d")
            await until(lambda: isinstance(app.app.screen, TypedConfirmScreen))
            await types(app, "production")
            # On screen it may be broken anywhere: it begins with a path.
            await until(lambda: any("another program has it open" in toast for toast in app.toasts))
            await until(lambda: app.find(TitleBar).agent == "production")
    assert sqlite.agent_names() == ["local", "production"]


async def types(app: Driver, text: str) -> None:
    app.on_top(Input).value = text
    await app.press("enter")


def first_column(app: Driver, screen: str) -> str:
    width = app.browser.context.panes.pane("agents").outer_size.width
    return "\n".join(line[:width] for line in screen.split("\n")[2:])
