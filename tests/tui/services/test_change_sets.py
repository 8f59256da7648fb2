"""Change sets as the terminal UI asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import RevisionNotFound
from sloth_tui.origin import Origin, this_process
from sloth_tui.store import open_store
from sloth_tui.tui.services.change_sets import ChangeSets
from sloth_tui.tui.services.reader import Reader
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = Origin("ana", "elsewhere", 1, "sloth-runner", "set by ana")
A_RUN = Origin("ana", "elsewhere", 2, "lua", "run deploy.lua", run="r1", task="deploy")


@pytest.fixture
def reader(base: Path) -> Iterator[Reader]:
    reader = Reader(Inbox(), ())
    reader.choose("local")
    reader.start()
    yield reader
    reader.stop()


def write(origin: Origin, **entries: int) -> None:
    with open_store("local", "write", origin=origin) as store:
        store.set_many(entries)


def test_the_last_one_is_of_this_session_if_it_made_any(reader: Reader) -> None:
    change_sets = ChangeSets(reader, lambda: ())
    with pytest.raises(RevisionNotFound, match="nothing was ever changed"):
        change_sets.last().result()
    write(OTHERS, a=1)
    reader.refresh()
    assert change_sets.last().result().origin == OTHERS
    ours = this_process("sloth-tui", "set b")
    write(ours, b=1)
    write(OTHERS, a=2)
    assert change_sets.last().result().origin == ours


def test_what_runs_of_this_session_changed_is_its_own(reader: Reader) -> None:
    assert not ChangeSets(reader, lambda: ()).is_own(A_RUN)
    assert not ChangeSets(reader, lambda: ("r1",)).is_own(OTHERS)
    assert not ChangeSets(reader, lambda: ("r1",)).is_own(None)
    assert ChangeSets(reader, lambda: ("r1",)).is_own(A_RUN)


def test_only_the_revisions_of_one_are_read_and_no_more_than_asked_for(reader: Reader) -> None:
    write(OTHERS, a=1, b=1)
    write(this_process("sloth-tui", "set"), a=2, c=2)
    reader.refresh()
    change_sets = ChangeSets(reader, lambda: ())
    name = change_sets.last().result().id
    found = change_sets.read(name, 10).result()
    assert [(revision.key, revision.old, revision.new) for revision in found.revisions] == [
        ("a", 1, 2),
        ("c", None, 2),
    ]
    assert found.complete
    assert found.change_set.id == name
    cut = change_sets.read(name, 1).result()
    assert ([revision.key for revision in cut.revisions], cut.complete) == (["a"], False)


def test_what_others_changed_during_a_run_is_not_read_as_part_of_it(reader: Reader) -> None:
    write(A_RUN, a=1)
    write(OTHERS, b=1)
    write(A_RUN, c=1)
    reader.refresh()
    change_sets = ChangeSets(reader, lambda: ("r1",))
    last = change_sets.last().result()
    assert (last.first_revision, last.last_revision) == (1, 3)
    found = change_sets.read(last.id, 10).result()
    assert ([revision.key for revision in found.revisions], found.complete) == (["a", "c"], True)


def test_what_cannot_be_undone_is_told_with_its_obstacle(reader: Reader) -> None:
    ours = this_process("sloth-tui", "set")
    write(ours, a=1, b=1)
    write(OTHERS, a=2)
    reader.refresh()
    change_sets = ChangeSets(reader, lambda: ())
    steps = change_sets.obstacles(change_sets.last().result(), 10).result()
    assert [(step.key, step.obstacle) for step in steps] == [("a", "changed")]
