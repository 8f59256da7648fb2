"""The cursor of the key table stays on its key, whichever of two threads is faster."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.model import Query
from sloth_tui.tui.messages import KeyLocated
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from tests.support import A_MINUTE
from tests.tui.driving import running, until
from tests.tui.state import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.model import Value
    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow


KEYS: dict[str, Value] = {f"{group}:{number:03}": number for group in ("app", "web") for number in range(300)}
"""More than the table holds at a time."""


@contextmanager
def located_first(app: Driver, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until the end, a key is located before the thread of the screen does anything after asking for it."""
    rows, located = app.browser.services.rows, threading.Event()
    post, find = rows._post, rows.find

    def tell(message: Any) -> None:
        post(message)
        if isinstance(message, KeyLocated):
            located.set()

    def ask(key: str, *, reveal: bool = True) -> None:
        find(key, reveal=reveal)
        assert located.wait(A_MINUTE)

    with patch.context() as patched:
        patched.setattr(rows, "_post", tell)
        patched.setattr(rows, "find", ask)
        yield


@contextmanager
def located_late(app: Driver, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until the end, the screen is told where a key is while it asks for the next query, not earlier."""
    rows, asking, located = app.browser.services.rows, threading.Event(), threading.Event()
    post, show = rows._post, rows.show

    def tell(message: Any) -> None:
        if isinstance(message, KeyLocated):
            assert asking.wait(A_MINUTE)
            post(message)
            located.set()
        else:
            post(message)

    def ask(*args: Any, **options: Any) -> int:
        asking.set()
        assert located.wait(A_MINUTE)
        return show(*args, **options)

    with patch.context() as patched:
        patched.setattr(rows, "_post", tell)
        patched.setattr(rows, "show", ask)
        yield


@pytest.mark.parametrize("node", [False, True], ids=["key", "node"])
async def test_when_the_tree_is_closed(base: Path, monkeypatch: pytest.MonkeyPatch, node: bool) -> None:
    fill("other", KEYS)
    async with running("other") as app:
        await app.press("T")
        await until(lambda: app.table.count == 2)
        if node:
            await app.press("end")
            await until(lambda: app.table.node == "web:")
        else:
            await app.goes_to("web:100")
        key = "web:000" if node else "web:100"
        with located_first(app, monkeypatch):
            await app.press("T")
            await until(lambda: app.table.count == len(KEYS) and app.table.key == key)
        await app.at_rest(4)
        assert app.table.key == key


async def test_when_the_tree_is_opened(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill("other", KEYS)
    async with running("other") as app:
        app.table.move_to(400)
        await until(lambda: app.table.key == "web:100")
        with located_first(app, monkeypatch):
            await app.press("T")
            await until(lambda: app.table.count == 2 and app.table.node == "web:")


@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
async def test_when_another_query_follows_upon_the_search(
    base: Path, monkeypatch: pytest.MonkeyPatch, tree: bool
) -> None:
    fill("other", KEYS)
    async with running("other") as app:
        with located_late(app, monkeypatch):
            app.browser.go_to_key("web:100")
            app.find(FilterBar).ask(Query(key="00", tree=tree))
            await until(lambda: app.table.answered.key == "00" and app.table.key == "web:100")
        await app.at_rest(4)
        assert app.table.key == "web:100"


async def test_what_was_sought_in_one_agent_is_not_sought_in_another(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill("local", {"a": 1, "b": 2})
    fill("other", KEYS)
    async with running("other") as app:
        with located_late(app, monkeypatch):
            app.browser.go_to_key("web:100")
            await until(lambda: app.browser.services.rows._sought is None)
            app.browser.choose_agent("local")
            await until(lambda: app.table.key == "a" and app.table.count == 2)
        await app.at_rest(4)
        assert app.table.key == "a"
        assert app.toasts == []
