"""Taking back what was done, from the key that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, elsewhere
from tests.tui.test_changes import closed, keys, opened, stored

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


async def told(app: Driver, toast: str) -> None:
    """Wait for this to be the newest toast."""
    await until(lambda: app.toasts and app.toasts[-1] == toast, what=f"{toast!r}, not {app.toasts}")


async def delete(app: Driver, key: str) -> None:
    await app.goes_to(key)
    await app.press("d")
    await opened(app, ConfirmScreen)
    await app.press("right", "enter")
    await told(app, f"deleted {key} · u to undo")


async def test_u_takes_back_what_this_session_did_a_run_as_one_and_again_does_it_again(
    believable: Path, tmp_path: Path
) -> None:
    file = tmp_path / "two.lua"
    tasks = "task({name='%s', run=function() state.set('run:%s', 1) end})\n"
    file.write_text(tasks % ("a", "a") + tasks % ("b", "b"))
    async with running() as app:
        await delete(app, "deployment:status")
        elsewhere("open_store('local', 'write').__enter__().set('other', 'theirs')")
        await app.press("u")
        await told(app, "took back 'delete deployment:status': 1 key changed · u to undo")
        assert stored("deployment:status") == "complete"
        assert stored("other") == "theirs"
        await app.press("u", "u", "u")
        await told(app, "did again 'delete deployment:status': 1 key changed · u to undo")
        assert stored("deployment:status") is None

        app.browser.services.run_file(str(file))
        await until(lambda: stored("run:b") == 1 and not app.browser.services.running)
        await app.press("u")
        await until(lambda: app.toasts and app.toasts[-1].endswith("2 keys changed · u to undo"))
    with open_store("local", "read") as store:
        assert not list(store.keys("run:"))
        newest = store.newest_change_set()
    assert newest.origin is not None
    assert newest.origin.title.startswith("undo ")


async def test_what_others_did_is_taken_back_after_asking_and_nothing_where_nothing_is(base: Path) -> None:
    async with running() as app:
        await app.press("u")
        await told(app, "nothing was ever changed")
        elsewhere("open_store('local', 'write').__enter__().set_many({'a': 1, 'b': 2})")
        await app.sees("2 keys")
        await app.press("u")
        await opened(app, ConfirmScreen)
        await app.sees("+ a = 1")
        await app.sees("+ b = 2")
        assert app.on_top(Button, "#cancel").has_focus
        await app.press("enter")
        await closed(app)
        assert keys() == ["a", "b"]
        await app.press("u")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await until(lambda: len(app.toasts) == 2 and app.toasts[1].endswith(": 2 keys changed · u to undo"))
    assert keys() == []


async def test_a_conflict_names_the_keys_and_can_be_overruled(believable: Path) -> None:
    async with running() as app:
        await delete(app, "deployment:status")
        elsewhere(
            "with open_store('local', 'write') as store:\n"
            "    store.set('deployment:status', 'theirs')\n    store.set('app:api_token', 'new secret')"
        )
        await app.press("u")
        await opened(app, ConfirmScreen)
        await app.sees("changed since: deployment:status")
        await app.sees("deployment:status: theirs → complete")
        await app.press("enter")
        await closed(app)
        assert stored("deployment:status") == "theirs"
        await app.press("u")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await told(app, "took back 'delete deployment:status': 1 key changed · u to undo")
    assert stored("deployment:status") == "complete"
    assert len(keys()) == len(ENTRIES)
