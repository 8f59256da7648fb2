"""The terminal UI on another store than the files of this machine."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, TextArea

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.settings import Settings
from sloth_tui.store import open_path
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.dialogs.typed_confirm import TypedConfirmScreen
from sloth_tui.tui.ui_state import UiState, UiStateFile, last_agent, load
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.elsewhere import fake
from tests.tui.driving import Driver, running, until
from tests.tui.test_changes import closed, opened
from tests.tui.test_undo import told

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

NO_ANSWER = "fake://db1:7,db2:7/shop: no answer"


def put(directory: Path, agent: str, key: str, value: int) -> None:
    with open_path(str(directory / f"{agent}.db"), "write") as store:
        store.set(key, value)


def first_line(app: Driver) -> str:
    return app.text().splitlines()[0]


def is_live_and_shows(app: Driver, words: str) -> bool:
    return has_in_its_header(app, words) and has_in_its_header(app, "● live")


def has_in_its_header(app: Driver, words: str) -> bool:
    """Whether it was drawn so, for what is waited for."""
    return words in app.glance().partition("\n")[0]


async def test_the_header_shows_which_store_it_is(chosen: Path) -> None:
    """As much of it as there is room for, and at least its kind."""
    put(chosen, "production-server-1", "k", 1)
    whole = "fake://db1:7,db2:7/shop"
    async with running("production-server-1", size=(120, 30)) as app:
        for columns, shown in ((120, whole), (80, whole), (60, "fake://db1:7,…op")):
            await app.pilot.resize_terminal(columns, 30)
            await until(partial(is_live_and_shows, app, shown), what=partial(first_line, app))
        app.browser.choose_agent("local")
        await app.sees("app:size")
        bar = app.find(TitleBar)
        bar.read_only = bar.paused = bar.behind = True
        await until(lambda: has_in_its_header(app, "changes wait"))
        assert " fake " in first_line(app)


async def test_files_of_this_machine_have_their_path_in_the_header(base: Path, far: Path) -> None:
    async with running() as app:
        await until(lambda: has_in_its_header(app, "local.db"))


async def test_what_others_write_appears_even_after_the_store_was_silent(
    chosen: Path,
) -> None:
    async with running() as app:
        await app.sees("web")
        await app.sees("app:size")
        put(chosen, "local", "new:key", 7)
        await app.sees("new:key")
        put(chosen, "fresh", "k", 1)
        await app.sees("fresh")
        app.browser.choose_agent("web")
        await app.sees("page")
        assert app.find(TitleBar).agent == "web"
        app.browser.choose_agent("local")
        await app.sees("app:size")
        (chosen / "down").touch()
        await app.sees("✗ no answer")
        await app.sees(NO_ANSWER)
        assert "fake://db1:7,db2:7/shop" in first_line(app)
        put(chosen, "local", "after:it", 1)
        (chosen / "down").unlink()
        await app.sees("● live")
        await app.sees("after:it")
        await app.loses("no answer")


async def test_a_store_that_does_not_answer_at_first_is_waited_for(chosen: Path) -> None:
    (chosen / "down").touch()
    async with running() as app:
        await app.sees(NO_ANSWER)
        (chosen / "down").unlink()
        await app.sees("app:size")
        await app.sees("● live")
        await app.sees("web")
        await app.loses("no answer")


async def test_it_comes_back_whatever_was_asked_when_it_failed(
    chosen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time one call fails once, and all others are answered."""
    failing: list[str] = []
    ask = fake._ask

    def fail(name: str) -> None:
        ask(name)
        if name in failing:
            failing.remove(name)
            raise DatabaseUnusable(NO_ANSWER)

    monkeypatch.setattr(fake, "_ask", fail)
    async with running() as app:
        await app.sees("app:size")
        for number, method in enumerate(("page", "index", "entry", "locks", "change_token", "revisions")):
            failing.append(method)
            put(chosen, "local", "app:size", 4 + number)
            app.browser.go_to_key("app:size")
            found = app.app.services.rows_so_far
            assert found is not None
            app.app.services.load_page(found.generation, 0, 10)
            await until(lambda: not failing, what=f"{method} was asked")
            put(chosen, "local", f"late:{method}", number)
            await app.sees(f"late:{method}")
            await app.sees("● live")
            await app.loses("no answer")


async def test_a_slow_store_does_not_stop_the_screen(chosen: Path) -> None:
    async with running() as app:
        await app.sees("web")
        (chosen / "slow").touch()
        app.browser.choose_agent("web")
        await app.sees("○ connecting")
        await until(lambda: has_in_its_header(app, "web"))
        await app.press("question_mark")
        await app.sees("Go to a key by its name")
        await app.press("escape")
        (chosen / "slow").unlink()
        await app.sees("page")
        await app.sees("● live")
    assert fake.ON_MAIN_THREAD == []


async def test_nothing_is_asked_on_the_thread_of_the_screen(chosen: Path, tmp_path: Path) -> None:
    """Whatever is done: browse, edit, mark and delete, undo, look at every tab, copy and delete an agent, run
    a file."""
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "t", run = function() state.set("from:run", 1) end})')
    async with running() as app:
        await app.sees("web")
        await app.goes_to("app:name")
        for key in ("2", "T", "T", "H", "I", "V", "4", "5", "6", "7", "8", "2"):
            await app.press(key)
        await app.press("e")
        await opened(app, EditScreen)
        app.on_top(TextArea).text = "bazaar"
        await app.press("ctrl+s")
        await closed(app)
        await app.sees("bazaar")
        await app.press("asterisk", "d")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await told(app, "deleted 2 keys · u to undo")
        await app.press("u")
        await app.sees("bazaar")
        app.browser.perform("duplicate_agent")
        await app.sees("Name of the copy")
        await app.press("enter")
        await app.sees("copied agent local to local-copy")
        await until(lambda: app.find(TitleBar).agent == "local-copy")
        await app.sees("bazaar")
        app.browser.perform("delete_agent")
        await opened(app, TypedConfirmScreen)
        app.on_top(Input).value = "local-copy"
        await app.press("enter")
        await until(lambda: any("deleted agent local-copy" in toast for toast in app.toasts))
        app.browser.choose_agent("local")
        await app.sees("bazaar")
        app.app.services.run_file(str(file))
        await app.sees("from:run")
        with open_path(str(chosen / "local.db")) as store:
            assert store.get("from:run") == 1
        app.browser.perform("check_store")
        await until(lambda: any("is sound" in toast for toast in app.toasts))
    assert fake.ON_MAIN_THREAD == []


async def test_the_agent_shown_last_is_remembered_for_its_store(base: Path, chosen: Path) -> None:
    base.mkdir()
    here = UiStateFile(keep=True, store=fake.ADDRESS)
    async with running("web", app=SlothApp("web", Settings(), read_only=False, ui_state=here)) as app:
        await app.sees("page")
    state, warning = load()
    assert (state.agent, state.store, warning) == ("web", fake.ADDRESS, None)
    assert json.loads((base / "tui.json").read_text())["store"] == fake.ADDRESS
    fake.ON_MAIN_THREAD.clear()

    def asked(name: str) -> bool:
        raise AssertionError("a store on another machine is not asked before there is a screen")

    assert last_agent(state, fake.ADDRESS, asked) == "web"
    assert last_agent(state, "fake://other", asked) == "local"
    assert last_agent(state, None, lambda _: True) == "local"
    assert last_agent(UiState(agent="web"), None, lambda _: True) == "web"


async def test_a_remembered_agent_that_is_no_more_gives_way_to_the_default(chosen: Path) -> None:
    before = UiStateFile(UiState(agent="gone", store=fake.ADDRESS), store=fake.ADDRESS, unsure="gone")
    async with running("gone", app=SlothApp("gone", Settings(), read_only=False, ui_state=before)) as app:
        await app.sees("app:size")
        assert app.find(TitleBar).agent == "local"


async def test_an_agent_asked_for_that_is_no_more_is_an_error(chosen: Path) -> None:
    async with running("gone") as app:
        await app.sees("agent 'gone' has no store")
