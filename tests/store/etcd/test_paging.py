"""What is asked of a large store: page by page, whatever the server forgets between two pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store.etcd.client.channel import GrpcChannel
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.upkeep import moment
from tests.store.etcd.raw import compact, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.etcd.client.messages import Range
    from sloth_tui.store.etcd.store import EtcdStore
    from tests.store.etcd.conftest import OpenStore

MOST = 25
"""Keys that one answer has in these tests."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let pages be small; returns the numbers of keys in all answers without values."""
    monkeypatch.setattr(walking, "_BATCH_KEYS", 10)
    monkeypatch.setattr(walking, "_PAGE_NAMES", MOST)
    monkeypatch.setattr(walking, "_PAGE_KEYS", 10)
    monkeypatch.setattr(moment, "_FIRST_PAGE", 10)
    sizes: list[int] = []
    real = GrpcChannel.range

    def asked(channel: GrpcChannel, request: Range, seconds: float) -> Any:
        found = real(channel, request, seconds)
        if request.keys_only:
            sizes.append(len(found.kvs))
        return found

    monkeypatch.setattr(GrpcChannel, "range", asked)
    return sizes


@pytest.fixture
def store(open_etcd: OpenStore) -> EtcdStore:
    """Forty keys of two groups with three revisions each, and twenty that were deleted again."""
    store = open_etcd(Settings(keep_revisions=1000))
    for turn in range(3):
        store.set_many({f"{'ab'[place % 2]}:{place:02}": f"{turn} {place}" for place in range(40)})
    store.set_many({f"gone:{place:02}": place for place in range(20)})
    store.delete_prefix("gone:")
    store.set("newest", 1)
    return store


def test_all_but_the_newest_revisions_are_forgotten(store: EtcdStore, answers: list[int]) -> None:
    assert store.compact(keep=2) == 40
    assert store.compact(keep=1) == 40 + 20
    assert store.compact(keep=0) == 40 + 20
    assert len(names(store, "r/")) == 1
    assert store.count() == 41
    assert max(answers) == MOST


def test_what_was_deleted_long_ago_is_forgotten(store: EtcdStore, answers: list[int]) -> None:
    assert store.prune(keep=3, keep_deleted_days=0) == 40
    assert store.prune(keep=2, keep_deleted_days=0) == 40
    assert store.count() == 41
    assert max(answers) == MOST


def test_the_values_of_secrets_are_dropped_from_the_history(
    store: EtcdStore, open_etcd: OpenStore, answers: list[int]
) -> None:
    marking = open_etcd(Settings(secret_keys=("a:*",)))
    marking.set("other", 1)
    assert {change.secret for change in store.revisions("a:02")} == {True}
    assert {change.secret for change in store.revisions("b:03")} == {False}
    assert max(answers) == MOST


OVERVIEWS: dict[str, tuple[Callable[[EtcdStore], object], object]] = {
    "groups": (lambda store: [(one.prefix, one.keys) for one in store.groups()], [("a:", 20), ("b:", 20)]),
    "problems": (lambda store: store.problems(), []),
    "stats": (lambda store: store.stats().total_keys, 41),
    "top": (lambda store: [one.key for one in store.top_entries("oldest", 1)], ["a:00"]),
    "changes": (lambda store: len(list(store.revisions_since(0, prefix="a:"))), 60),
    "prune": (lambda store: store.prune(keep=1, keep_deleted_days=0), 120),
}


@pytest.mark.parametrize("what", OVERVIEWS)
@pytest.mark.usefixtures("answers")
def test_the_server_may_forget_the_moment_of_an_overview(
    store: EtcdStore, open_etcd: OpenStore, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ask, wanted = OVERVIEWS[what]
    other, forgets = open_etcd(), [3, 2, 1]
    real = GrpcChannel.range

    def asked(channel: GrpcChannel, request: Range, seconds: float) -> Any:
        if request.revision and forgets:
            forgets.pop()
            other.mark_secret(f"secret {len(forgets)}")
            compact(other)
        return real(channel, request, seconds)

    monkeypatch.setattr(GrpcChannel, "range", asked)
    assert ask(store) == wanted
    assert forgets == []
