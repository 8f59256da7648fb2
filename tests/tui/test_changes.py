"""Changes a person makes: confirmed where they destroy, told when they are made, refused when read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from textual.widgets import Button, Input, Select, Static, TextArea

from sloth_tui.errors import NotWritable
from sloth_tui.store import open_store
from sloth_tui.tui.actions import ACTIONS
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.dialogs.prompt import PromptScreen
from sloth_tui.tui.services import writer
from sloth_tui.tui.widgets.detail.history_view import DifferenceView
from sloth_tui.tui.widgets.dock.lock_list import LocksPane
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value
    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


def stored(key: str) -> Value | None:
    with open_store("local", "read") as store:
        return store.get(key)


def keys() -> list[str]:
    with open_store("local", "read") as store:
        return list(store.keys())


async def opened(app: Driver, kind: type) -> None:
    await until(lambda: isinstance(app.app.screen, kind), what=f"a {kind.__name__}")
    await app.pilot.pause()


async def closed(app: Driver) -> None:
    await until(lambda: isinstance(app.app.screen, BrowserScreen), what="the dialog closed")


async def act(app: Driver, action: str) -> None:
    """An action that has no key, or whose key is not what the test is about."""
    app.browser.perform(action)
    await app.pilot.pause()


async def test_delete_says_which_key_and_cancel_has_the_focus(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("d")
        await opened(app, ConfirmScreen)
        await app.sees("Delete 1 key?")
        await app.sees("complete  (string, 8 B)")
        assert app.on_top(Button, "#cancel").has_focus
        await app.press("enter")
        await closed(app)
        # Of a secret it does not show the value.
        await app.goes_to("app:api_token")
        await app.press("d")
        await opened(app, ConfirmScreen)
        await app.sees("Delete 1 key?")
        assert "tok_very_secret" not in app.text()
        await app.press("escape")
        await closed(app)
    assert keys() == list(ENTRIES)


async def test_delete_confirmed_deletes_that_key_says_so_and_records_who_did_it(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("d")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await until(lambda: app.toasts == ["deleted deployment:status · u to undo"])
        await app.sees(f"{len(ENTRIES) - 1} keys")
    assert keys() == [key for key in ENTRIES if key != "deployment:status"]
    with open_store("local", "read") as store:
        newest = next(iter(store.revisions("deployment:status")))
    assert newest.operation == "delete"
    assert newest.origin is not None
    assert (newest.origin.program, newest.origin.title) == ("sloth-tui", "delete deployment:status")


async def test_clear_by_prefix_counts_lists_and_deletes_only_those(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:count")
        await app.press("D")
        await opened(app, PromptScreen)
        assert app.on_top(Input).value == "deployment:"
        await app.press("enter")
        await opened(app, ConfirmScreen)
        await app.sees("Delete 4 keys that begin with 'deployment:'?")
        await app.sees("deployment:version")
        assert app.on_top(Button, "#cancel").has_focus
        await app.press("tab", "enter")
        await until(lambda: app.toasts == ["deleted 4 keys · u to undo"])
    assert not [key for key in keys() if key.startswith("deployment:")]
    assert len(keys()) == len(ENTRIES) - 4


async def test_clear_all_can_be_left_and_done(believable: Path) -> None:
    async with running() as app:
        await act(app, "clear_all")
        await opened(app, ConfirmScreen)
        await app.sees(f"Delete {len(ENTRIES)} keys of agent local?")
        await app.sees("… and 1 more")
        await app.press("escape")
        await closed(app)
        assert len(keys()) == len(ENTRIES)
        await act(app, "clear_all")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await until(lambda: app.toasts == [f"deleted {len(ENTRIES)} keys · u to undo"])
        await app.sees("No key here yet.")
    assert keys() == []


async def test_break_lock_says_whose_it_is(believable: Path) -> None:
    async with running() as app:
        await until(lambda: app.find(LocksPane).highlighted is not None)
        await app.press("4", "b")
        await opened(app, ConfirmScreen)
        await app.sees("held by task-123")
        await app.press("right", "enter")
        await until(lambda: app.toasts == ["broke lock deploy"])
        await app.sees("No lock is held.")


async def test_edit_keeps_the_type_and_saves_but_a_masked_value_has_to_be_revealed(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("app:api_token")
        await app.press("e")
        await until(lambda: app.toasts == ["the value is masked, x reveals it"])
        await app.press("x", "e")
        await opened(app, EditScreen)
        await app.press("escape")
        await closed(app)
        await app.goes_to("deployment:count")
        await app.press("e")
        await opened(app, EditScreen)
        assert app.on_top(TextArea).text == "12"
        app.on_top(TextArea).text = "thirteen"
        await app.press("ctrl+s")
        await app.sees("not a whole number")
        # That is said while it is typed, too; to save again before the answer is there does nothing.
        await until(lambda: not cast("EditScreen", app.app.screen)._saving)
        app.on_top(TextArea).text = "13"
        await app.press("ctrl+s")
        await closed(app)
        await app.sees("13  ")
    assert stored("deployment:count") == 13


async def test_edit_does_not_overwrite_a_value_written_elsewhere_meanwhile(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("e")
        await opened(app, EditScreen)
        app.on_top(TextArea).text = "mine"
        elsewhere("open_store('local', 'write').__enter__().set('deployment:status', 'theirs')")
        await app.press("ctrl+s")
        await app.sees("Changed by somebody else")
        assert app.on_top(DifferenceView).lines == ["+ theirs"]
        await app.sees("theirs: string")
        assert stored("deployment:status") == "theirs"
        assert app.on_top(TextArea).text == "mine"
        await app.press("ctrl+s")
        await closed(app)
    assert stored("deployment:status") == "mine"


async def test_edit_left_with_escape_changes_nothing(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("deployment:status")
        await app.press("e")
        await opened(app, EditScreen)
        await app.press("z", "escape")
        await app.sees("esc again discards")
        await app.press("y", "escape", "escape")
        await closed(app)
        await app.press("n")
        await opened(app, EditScreen)
        await app.press("k", "escape")
        await app.sees("esc again discards")
        await app.press("escape")
        await closed(app)
    assert stored("deployment:status") == "complete"


async def test_new_key_is_made_with_its_type_and_shown_or_refused_in_words(believable: Path) -> None:
    async with running() as app:
        for key, problem in (("deployment:status", "There is such a key"), ("", "empty")):
            await app.press("n")
            await opened(app, EditScreen)
            app.on_top(Input).value = key
            await app.press("ctrl+s")
            await until(lambda: problem in str(app.on_top(Static, "#edit-problem").content), what=problem)  # noqa: B023  # awaited here
            await app.press("escape", "escape")
            await closed(app)
        await app.goes_to("deployment:status")
        await app.press("n")
        await opened(app, EditScreen)
        assert app.on_top(Input).value == "deployment:"
        app.on_top(Input).value = "deployment:windows"
        app.on_top(Select).value = "table"
        app.on_top(TextArea).text = '["mon", "tue"]'
        await app.pilot.pause()
        await app.press("ctrl+s")
        await closed(app)
        await until(lambda: app.table.key == "deployment:windows")
    assert stored("deployment:windows") == ["mon", "tue"]
    assert stored("deployment:status") == "complete"


async def test_read_only_refuses_everything_and_opens_nothing_for_writing(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "open_store", None)
    async with running(read_only=True) as app:
        await app.goes_to("deployment:status")
        await app.sees("read-only")
        await until(lambda: app.find(LocksPane).highlighted is not None)
        refused = 0
        for action in ACTIONS:
            if action.writes:
                await act(app, action.id)
                refused += 1
                await until(lambda refused=refused: len(app.toasts) == refused)  # type: ignore[misc]
                assert app.toasts[-1].startswith("read-only: nothing was changed")
                assert isinstance(app.app.screen, BrowserScreen)
        with pytest.raises(NotWritable):
            app.browser.services.run_file("any.lua")
    assert refused == sum(action.writes for action in ACTIONS)
    assert keys() == list(ENTRIES)
