"""No value of a secret stays in the history on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import InvalidConfig
from sloth_tui.settings import Settings
from sloth_tui.store.etcd.history import marking
from sloth_tui.store.etcd.opening import open_store
from sloth_tui.store.etcd.upkeep import secrets
from tests.servers.etcd import needs_etcd
from tests.store.etcd.raw import everything, names

if TYPE_CHECKING:
    from tests.store.etcd.conftest import OpenStore

pytestmark = needs_etcd

TOKENS = Settings(secret_keys=("*token*",))


def test_a_handle_that_knows_nothing_of_a_mark_does_not_write_past_it(open_etcd: OpenStore) -> None:
    store, other = open_etcd(), open_etcd()
    other.set("login", "first value")
    store.set("login", "second value")
    store.mark_secret("login")
    other.set("login", "third value")
    store.set("login", "last")
    assert b"value" not in everything(store)
    assert [change.operation for change in store.revisions("login")] == ["set"] * 4
    other.set("pin", "fifth value")
    store.mark_secret("pin")
    other.set("pin", "6")
    assert b"value" not in everything(store)


def test_a_pattern_of_the_settings_drops_what_matches_with_the_first_write(open_etcd: OpenStore) -> None:
    store = open_etcd()
    store.set_many({"api:token": "covert 1", "other": "shown 1"})
    store.set_many({"api:token": "covert 2", "other": "shown 2"})
    assert b"covert 1" in everything(store, "r/")
    open_etcd(TOKENS).set("another", 1)
    assert b"covert" not in everything(store, "r/")
    assert b"shown 1" in everything(store, "r/")
    # Settings that lack the pattern do not undo it.
    store.set("api:token", "covert 3")
    assert b"covert" not in everything(store, "r/")
    assert [(change.old, change.new, change.secret) for change in store.revisions("api:token")] == [
        (None, None, True)
    ] * 3
    assert [change.old for change in store.revisions("other")] == ["shown 1", None]


def test_a_pattern_holds_for_what_the_same_commit_replaces(
    open_etcd: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "drop_matching", lambda *_: None)
    open_etcd().set("a:token", "covert")
    store = open_etcd(TOKENS)
    with store.transaction():
        store.delete("a:token")
        store.set("b:token", "covert")
        store.set("b:token", "gone")
    assert b"covert" not in everything(store)


def test_bad_settings_are_told_by_the_first_write_which_writes_nothing(
    open_etcd: OpenStore, address: str
) -> None:
    def settings() -> Settings:
        raise InvalidConfig("config.toml:1: history.secret")

    with open_store(address, "agent", "write", settings=settings) as store:
        with pytest.raises(InvalidConfig, match=r"history\.secret"):
            store.set("key", 1)
        assert store.revision() == 0


def test_nothing_is_told_of_a_secret_before_all_its_values_are_dropped(
    open_etcd: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, reader = open_etcd(), open_etcd()
    store.set_many({"login": "covert 1", "other": 1})
    store.set("login", "covert 2")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(marking, "drop_values", die)
        with pytest.raises(KeyboardInterrupt):
            store.mark_secret("login")
    assert b"covert 1" in everything(reader, "r/")
    assert [(change.old, change.new, change.secret) for change in reader.revisions("login")] == [
        (None, None, True)
    ] * 2
    assert [entry.value for entry in reader.entries_at(2)] == ["", 1]
    assert [step.obstacle for step in reader.rollback_steps(2)] == ["secret"]
    store.mark_secret("login")
    assert b"covert" not in everything(reader, "r/")


def test_a_large_value_of_a_secret_is_dropped_whole(open_etcd: OpenStore) -> None:
    store = open_etcd()
    store.set("login", "x" * 600_000)
    store.set("login", "y" * 600_000)
    store.mark_secret("login")
    assert store.get("login") == "y" * 600_000
    assert b"x" * 1000 not in everything(store)
    store.set("login", "short")
    assert names(store, "b/") == []
