"""Whatever is in a database, a command that reads it ends in words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.model import Query
from sloth_tui.store import open_store
from tests.cli.support import Result, piped
from tests.store.damage import fill, remove, spoil_bytes, spoil_cells
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.store.port import Store

pytestmark = pytest.mark.slow

COMMANDS: list[tuple[str, ...]] = [
    ("state", "get", "a:text", "a:table", "a:integer", "a:float", "a:boolean", "a:bytes"),
    *(("state", "list", "-o", form) for form in ("table", "json", "jsonl", "csv", "keys")),
    ("state", "list", "a:"),
    ("state", "list", "--at", "20"),
    ("state", "list", "--at", "1h ago"),
    *(("state", "show", "a:table", "-o", form) for form in ("table", "json")),
    ("state", "show", "a:none"),
    *(("state", "stats", "-o", form) for form in ("table", "json")),
    *(("state", "history", "a:integer", "-o", form) for form in ("table", "json")),
    ("state", "history", "a:gone"),
    ("state", "history", "a:secret"),
    *(("state", "log", "-o", form) for form in ("table", "json")),
    ("state", "log", "--author", "me", "--prefix", "a:"),
    ("state", "diff", "5", "20"),
    ("state", "diff", "20"),
    *(("lock", "list", "-o", form) for form in ("table", "json", "keys")),
    *(("lock", "list", "--broken", "-o", form) for form in ("table", "json")),
]
WRITES: list[tuple[str, ...]] = [
    ("state", "set", "a:text", "other"),
    ("state", "increment", "a:integer"),
    ("state", "delete", "a:float", "--yes"),
    ("lock", "acquire", "held", "--holder", "me", "--ttl", "5"),
    ("lock", "release", "held", "--holder", "me"),
    ("lock", "break", "other"),
    ("state", "undo"),
    ("state", "rollback", "a:integer", "--to", "3", "--yes"),
    ("state", "compact", "--keep", "1"),
    ("state", "clear", "--yes"),
]
DOCUMENTED_ENDS = {0, 3, 4, 5, 6, 7, 8, 9}
"""What is in a database can also be that something is not there, that a lock is held, and the like."""


def window(store: Store) -> None:
    rows = store.window()
    try:
        for generation, query in enumerate(
            (Query(), Query(sort="updated"), Query(tree=True), Query(value="x"))
        ):
            rows.supersede(generation)
            for _ in rows.index(query, generation):
                rows.page(generation, 0, 50)
            rows.position("a:text")
            rows.keys(0, 50)
    finally:
        rows.close()


QUESTIONS: list[Callable[[Store], object]] = [
    window,
    lambda store: list(store.groups()),
    lambda store: [store.top_entries(order, 10) for order in ("largest", "newest", "oldest")],
    lambda store: store.problems(),
    lambda store: [list(store.undo_steps(one)) for one in store.change_sets()],
    lambda store: list(store.rollback_steps(5)),
    lambda store: store.follow(3),
    lambda store: store.get_many(["a:text", "a:table"]),
    lambda store: list(store.entries()),
    lambda store: store.entry_at("a:integer", 9),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with something in every table."""
    base = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(base))
        fill(base)
    return base / "state" / "local.db"


def check(result: Result, what: object) -> None:
    assert result.code in DOCUMENTED_ENDS, (what, result.code, result.err)
    assert "Traceback" not in result.err
    if result.code:
        first, *hints = [line for line in result.err.splitlines() if not line.startswith("warning: ")]
        assert first.startswith("error: "), (what, result.err)
        assert len(hints) <= 1, (what, result.err)
        assert not hints or hints[0].startswith("hint: "), (what, result.err)


def read_all(name: str) -> None:
    for words in COMMANDS:
        check(piped(*words, "--agent", name), (name, words))
    for number, question in enumerate(QUESTIONS):
        failure = None
        try:
            with open_store(name) as store:
                question(store)
        except SlothError as error:
            failure = error
        if failure is not None:
            assert failure.exit_code in DOCUMENTED_ENDS, (name, number, failure)
            assert "\n" not in failure.message


@pytest.mark.parametrize("spoil", [spoil_cells, spoil_bytes])
def test_whatever_is_in_a_database_reading_it_ends_in_words(
    base: Path, original: Path, spoil: Callable[[Path, Path, int, int], list[str]]
) -> None:
    (base / "state").mkdir(parents=True)
    seed = int(os.environ.get("SLOTH_SEED", "1"))
    for name in spoil(original, base / "state", seed, rounds(6, 2000)):
        read_all(name)
        remove(base / "state", name)


@pytest.mark.parametrize("spoil", [spoil_cells, spoil_bytes])
def test_whatever_is_in_a_database_writing_it_ends_in_words(
    base: Path, original: Path, spoil: Callable[[Path, Path, int, int], list[str]]
) -> None:
    (base / "state").mkdir(parents=True)
    seed = int(os.environ.get("SLOTH_SEED", "2"))
    for name in spoil(original, base / "state", seed, rounds(6, 2000)):
        for words in WRITES:
            check(piped(*words, "--agent", name), (name, words))
        remove(base / "state", name)
