"""Superseded queries end; results that are still wanted can be read while they grow."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest

from sloth_tui.model import Query
from sloth_tui.store.rows import window
from tests.store.sqlite.window.viewer import DOCUMENTED, run
from tests.support import A_MINUTE, rounds, wait_until

if TYPE_CHECKING:
    from sloth_tui.store.sqlite.store import SqliteStore
    from tests.store.sqlite.window.viewer import Viewer


def test_a_superseded_generation_gets_neither_answer_nor_pages(store: SqliteStore, view: Viewer) -> None:
    store.set_many({f"k{number}": "1" for number in range(50)})
    view.window.supersede(1)
    told = []
    for _, complete in view.window.index(Query(), 1):
        told.append(complete)
        view.window.supersede(2)
    assert told == [False]
    assert list(view.window.index(Query(), 1)) == []
    assert list(view.window.index(Query(prefix="k1"), 2))[-1] == (11, True)
    assert view.window.page(1, 0, 10) is None
    assert view.window.page(2, 0, 1) is not None


def test_a_generation_that_was_broken_off_can_be_asked_again(store: SqliteStore, view: Viewer) -> None:
    store.set_many({f"k{number:02}": "1" for number in range(50)})
    view.window.supersede(1)
    next(view.window.index(Query(), 1))
    assert list(view.window.index(Query(), 1))[-1] == (50, True)


def test_the_first_page_can_be_had_before_the_rest_is_found(store: SqliteStore, view: Viewer) -> None:
    store.set_many({f"k{number:03}": "1" for number in range(200)})
    view.window.supersede(1)
    count, complete = next(view.window.index(Query(key="k"), 1))
    assert not complete
    assert count < 200
    rows = view.window.page(1, 0, 5)
    assert [row.key for row in rows or [] if row] == [f"k{number:03}" for number in range(5)]


@pytest.mark.slow
def test_a_sort_ends_in_its_midst_when_it_is_superseded(path: str, view: Viewer) -> None:
    with closing(apsw.Connection(path)) as other:
        run(other, DOCUMENTED)
        run(
            other,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
            "INSERT INTO state (key, value) SELECT 'k' || (i * 7919 % 100003), zeroblob(i % 40) FROM n",
        )
    generations = iter(range(1, 1_000_000))
    # On a busy machine a sort may be over before it can be superseded; that one says nothing.
    wait_until(lambda: _ends_early(view, next(generations), next(generations)), what="a sort cut short")


def _ends_early(view: Viewer, generation: int, following: int) -> bool:
    """Return True if a sort that is superseded after its first result does not run to its end."""
    view.window.supersede(generation)
    told: list[bool] = []
    begun = threading.Event()

    def ask() -> None:
        for _, complete in view.window.index(Query(sort="size"), generation):
            told.append(complete)
            begun.set()

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(A_MINUTE)
    view.window.supersede(following)
    thread.join(A_MINUTE)
    assert not thread.is_alive()
    return True not in told


@pytest.mark.slow
def test_pages_are_served_while_another_thread_indexes(store: SqliteStore, view: Viewer) -> None:
    store.set_many({f"k{number:04}": "1" for number in range(3000)})
    view.window.supersede(1)
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            rows = view.window.page(1, 0, 50) or []
            if [row.key for row in rows if row] != [f"k{number:04}" for number in range(len(rows))]:
                wrong.append(rows)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(rounds(2, 5)):
            assert list(view.window.index(Query(), 1))[-1] == (3000, True)
    finally:
        done.set()
        thread.join()
    assert not wrong


def test_what_a_search_of_values_meets_can_be_had_before_it_has_met_all(
    store: SqliteStore, view: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "RARE_AFTER_SECONDS", -1.0)
    monkeypatch.setattr(window, "PROGRESS_SECONDS", 0.0)
    store.set_many({f"k{number:02}": "rare" if number % 10 == 3 else "often" for number in range(50, 0, -1)})
    view.window.supersede(1)
    told = []
    for count, complete in view.window.index(Query(value="rare"), 1):
        rows = view.window.page(1, 0, 50)
        told.append((count, view.window.take_reordered(), [row.key for row in rows or [] if row], complete))
    assert told[0] == (1, True, ["k03"], False) or told[0] == (1, True, ["k43"], False)
    assert all(keys == sorted(keys) for _, _, keys, _ in told)
    assert [(len(keys), complete) for _, _, keys, complete in told][-1] == (5, True)
