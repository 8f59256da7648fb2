"""JSON in the editor that no store can hold: it is told where, and what was typed stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Static, TextArea

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.edit import EditScreen
from sloth_tui.tui.widgets.detail.detail import DetailPane
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from tests.tui.driving import Driver

BEFORE: dict[str, object] = {"cpu": 2}


CASES = [
    (
        '{"a": 1,\n "a": 2}',
        "line 2, column 2: key 'a' occurs twice, first at line 1, column 2",
        {"a": 1, "b": 2},
    ),
    (
        '{"a": [1, 9223372036854775808]}',
        "a[2]: an integer beyond 64 bits; write it as text, in quotes",
        {"a": [1, 922337203685477580]},
    ),
    ('{"a" 1}', "not JSON: line 1, column 6: expecting ':' delimiter", {"a": 1}),
]


@pytest.mark.slow
@pytest.mark.usefixtures("believable")
async def test_what_is_wrong_is_told_and_nothing_is_lost() -> None:
    async with running() as app:
        for typed, complaint, mended in CASES:
            with open_store("local", "write") as store:
                store.set("a:table", BEFORE)
            # The first time it is new; then its value is another again.
            await app.sees("a:table")
            await app.goes_to("a:table")
            await until(lambda: (entry := app.find(DetailPane).entry) is not None and entry.value == BEFORE)
            await app.press("e")
            await _refused(app, typed, complaint)
            await app.press(*_mending(typed))
            await app.press("ctrl+s")
            await until(lambda: not isinstance(app.app.screen, EditScreen))
            with open_store("local", "read") as store:
                assert store.get("a:table") == mended


async def _refused(app: Driver, typed: str, complaint: str) -> None:
    """Type it over what the editor shows, and try to store it."""
    await until(lambda: isinstance(app.app.screen, EditScreen) and bool(app.app.screen.query(TextArea)))
    area = app.on_top(TextArea)
    await until(lambda: area.has_focus)
    await app.press("f7")
    for line in typed.splitlines(keepends=True):
        await app.press(*line.rstrip("\n"))
        if line.endswith("\n"):
            await app.press("enter")
    await until(lambda: area.text == typed)
    await app.press("ctrl+s")
    problem = app.on_top(Static, "#edit-problem")
    await until(lambda: str(problem.content) == complaint)
    assert isinstance(app.app.screen, EditScreen)
    assert area.text == typed
    with open_store("local", "read") as store:
        assert store.get("a:table") == BEFORE


def _mending(typed: str) -> list[str]:
    """Keys that make it right: from the end of the text back to what is wrong."""
    if "2}" in typed:
        return [*["left"] * 5, "backspace", "b"]
    if "]" in typed:
        return [*["left"] * 2, "backspace"]
    return [*["left"] * 3, ":"]
