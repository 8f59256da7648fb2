"""A store on a server that is filled from a stream: what others see meanwhile, and what gets in the way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, DatabaseUnusable
from sloth_tui.store import open_agents, open_path, open_store
from sloth_tui.store.transfer import move
from tests.servers.etcd import Etcd, needs_etcd
from tests.store.moving import picture, write_a_past
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.store.parts import Part
    from sloth_tui.store.port import Store

pytestmark = [pytest.mark.slow, needs_etcd]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    with open_path(str(tmp_path / "source.db"), "write") as store:
        write_a_past(store)
        yield store


def target(address: str) -> Store:
    return open_store("shop", "write", address=address)


def at_part(parts: Iterator[Part], number: int, act: Callable[[], object]) -> Iterator[Part]:
    """The parts; ``act`` is called before that one."""
    for place, part in enumerate(parts):
        if place == number:
            act()
        yield part


def leftovers(etcd: Etcd, address: str) -> list[str]:
    base = f"{address.partition('://')[2].partition('/')[2]}/a/shop"
    return [key for kind in ("s", "b", "w") for key in etcd.gateway.range(f"{base}/{kind}")]


def test_others_see_nothing_before_it_is_whole(source: Store, address: str) -> None:
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        with open_store("local", "read", address=address) as store:
            assert store.count() == 0
        with target(address) as store:
            seen.append((store.count(), store.revision(), len(list(store.change_sets()))))

    with target(address) as store:
        store.load(at_part(source.dump(), 30, look))
        assert picture(store) == picture(source)
    assert seen == [(0, 0, 0)]


def test_what_is_written_meanwhile_wins(source: Store, address: str, shared_etcd: Etcd) -> None:
    with target(address) as store, target(address) as other:
        with pytest.raises(Conflict, match="was written to meanwhile"):
            store.load(at_part(source.dump(), 30, lambda: other.set("mine", 1)))
        assert dict(store.items()) == dict(other.items()) == {"mine": 1}
        assert store.revision() == 1
    assert leftovers(shared_etcd, address) == []


def test_two_at_once_one_after_the_other(source: Store, address: str, shared_etcd: Etcd) -> None:
    failed: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with target(address) as store:
            try:
                store.load(iter([]))
            except Conflict as error:
                failed.append(error.message)

    thread = threading.Thread(target=second)

    def start() -> None:
        thread.start()
        assert begun.wait(60)

    with target(address) as store:
        store.load(at_part(source.dump(), 30, start))
        thread.join(60)
        assert failed == [f"{address}: agent 'shop' has state already"]
        assert picture(store) == picture(source)
    assert [key for key in leftovers(shared_etcd, address) if "/b/" not in key] == []


def test_what_a_dead_process_left_is_removed_by_the_next_one(
    source: Store, address: str, shared_etcd: Etcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    with monkeypatch.context() as patched:
        # A process that is killed takes nothing back.
        patched.setattr("sloth_tui.store.etcd.moving.loading._remove_staged", lambda session: None)
        with target(address) as store, pytest.raises(Died):
            store.load(at_part(source.dump(), 40, die))
    assert [key for key in leftovers(shared_etcd, address) if "/b/" in key]
    with target(address) as store:
        assert store.count() == 0
        store.load(source.dump())
        assert picture(store) == picture(source)
    pieces = [key.split("/b/")[1].split("/")[0] for key in leftovers(shared_etcd, address) if "/b/" in key]
    assert len(set(pieces)) == 2  # the value that is there, and the one that it replaced


class Compacting:
    """Has the server forget, at so many of the times when half of a store is copied, how it was before."""

    def __init__(self, etcd: Etcd, store: Store, times: int) -> None:
        self.left = times
        self._etcd, self._store = etcd, store
        self._done = False

    def __call__(self, done: int, total: int) -> None:
        if done < total * 0.2:
            self._done = False
        elif self.left and not self._done:
            self._done = True
            self.left -= 1
            self._store.set("later", self.left)
            self._etcd.gateway.compact()


def test_what_a_compaction_breaks_off_is_read_anew(source: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with Etcd() as etcd, target(etcd.address("one")) as first, target(etcd.address("two")) as second:
        first.load(source.dump())
        first.set_many({f"k{number}": number for number in range(rounds(700, 2000))})

        compacting = Compacting(etcd, first, times=100)
        told = "the server was compacted while its state was read"
        with pytest.raises(DatabaseUnusable, match=told) as given_up:
            move(first, second, compacting)
        assert given_up.value.exit_code == 7
        assert given_up.value.hint == "compact it less often: all of it must be read between two times"
        assert compacting.left == 95
        assert (second.count(), second.revision()) == (0, 0)

        moved = move(first, second, Compacting(etcd, first, times=2))
        assert (moved.entries, moved.revisions) == (first.count(), first.revision())
        assert picture_is_same(first, second)

        monkeypatch.setenv("SLOTH_RUNNER_STORE", etcd.address("one"))
        agents = open_agents()
        agents.duplicate("shop", "copy", Compacting(etcd, first, times=1))
        with open_store("copy", "read") as copy:
            assert picture_is_same(first, copy)
        with open_path(agents.back_up("shop", Compacting(etcd, first, times=1))) as backup:
            assert picture_is_same(first, backup)


def picture_is_same(one: Store, other: Store) -> bool:
    return list(one.entries()) == list(other.entries()) and list(one.revisions_since(0)) == list(
        other.revisions_since(0)
    )


def test_the_server_may_go_away_for_a_while(source: Store, place: Callable[[], str]) -> None:
    with Etcd() as etcd, target(etcd.address("shop")) as store:

        def again() -> None:
            (member,) = etcd.members
            member.kill()
            thread.start()

        thread = threading.Thread(target=etcd.start)
        store.load(at_part(source.dump(), 30, again))
        thread.join(60)
        assert wait_until(lambda: picture(store) == picture(source))
