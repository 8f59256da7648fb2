"""Export to a file and import from one, by the palette."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.import_file import ImportScreen
from sloth_tui.tui.dialogs.prompt import PromptScreen
from tests.tui.driving import Driver, running, until
from tests.tui.state import ENTRIES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

KEYS = sorted(ENTRIES)


def exported(path: Path) -> list[str]:
    return [json.loads(line)["key"] for line in path.read_text().splitlines()[1:-1]]


async def named(app: Driver, action: str, path: Path) -> None:
    """Begin an action and type the name of a file."""
    app.browser.context.perform(action)
    await until(lambda: isinstance(app.app.screen, PromptScreen) and app.app.screen.query("Input"))
    app.app.screen.query_one("Input").value = str(path)  # type: ignore[attr-defined]
    await app.press("enter")


async def test_what_is_marked_else_filtered_else_all_is_exported(believable: Path, tmp_path: Path) -> None:
    async with running() as app:
        await until(lambda: app.browser.context.chosen_keys == KEYS[:1])
        await named(app, "export", tmp_path / "all.jsonl")
        await until(lambda: any("exported" in toast for toast in app.toasts))
        assert exported(tmp_path / "all.jsonl") == KEYS
        await app.press("space", "down", "space")
        await named(app, "export", tmp_path / "two.jsonl")
        await until(lambda: len(app.toasts) == 2)
        assert exported(tmp_path / "two.jsonl") == [KEYS[0], KEYS[2]]
        await app.press("escape", "slash", *"dep", "enter")
        await until(lambda: app.table.count == 4)
        await named(app, "export", tmp_path / "filtered.jsonl")
        await until(lambda: len(app.toasts) == 3)
        assert exported(tmp_path / "filtered.jsonl") == [key for key in KEYS if "dep" in key]


async def test_an_import_says_what_it_would_do_and_can_be_undone(believable: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(json.dumps({KEYS[0]: "other", "new:\x1b[31mkey": 1}))
    with open_store("local", "read") as store:
        before = dict(store.items())
    async with running() as app:
        await until(lambda: app.browser.context.chosen_keys == KEYS[:1])
        await named(app, "import_file", path)
        await until(lambda: isinstance(app.app.screen, ImportScreen))
        await app.sees("1 added, 1 with another value, 0 the same")
        await app.press("escape")
        with open_store("local", "read") as store:
            assert dict(store.items()) == before
        await named(app, "import_file", path)
        await until(lambda: isinstance(app.app.screen, ImportScreen))
        await app.press("right", "right", "enter")
        await until(lambda: any("1 added, 1 changed" in toast for toast in app.toasts))
        with open_store("local", "read") as store:
            assert store.get(KEYS[0]) == "other"
            assert len(dict(store.items())) == len(before) + 1
            newest = store.newest_change_set()
            assert newest.origin is not None
            assert (newest.revisions, newest.origin.title) == (2, f"import {path}")
            assert {step.key for step in store.undo_steps(newest)} == {KEYS[0], "new:\x1b[31mkey"}
