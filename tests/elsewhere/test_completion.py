"""Pressing Tab while a command names a store that several machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.store import open_store
from tests.cli.test_completion import complete_each
from tests.servers.background import free_ports
from tests.servers.etcd import needs_etcd
from tests.servers.s3 import CREDENTIALS, Bucket

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd

pytestmark = [pytest.mark.slow, needs_etcd]


class Place(NamedTuple):
    endpoint: str


def test_keys_locks_and_agents_are_those_of_the_store_that_is_named(
    shared_etcd: Etcd, shared_keeper: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with open_store("local", "write") as here:
        here.set("here:key", 1)
    expected: list[tuple[str, list[str]]] = []
    for address in (shared_etcd.address("completion"), Bucket(shared_keeper.endpoint).fresh()):
        with open_store("local", "write", address=address) as store:
            store.set_many({"app:name": 1, "app:size": 2, "other": 3})
            store.acquire("deploy", "me", 60)
        with open_store("web", "write", address=address) as store:
            store.set("page", 1)
        expected += [
            (f"sloth-runner state get --store {address} app:", ["app:name", "app:size"]),
            (f"sloth-runner --store={address} state show oth", ["other"]),
            (f"sloth-runner state get h --store '{address}' here", []),
            (f"sloth-runner lock release --store {address} d", ["deploy"]),
            (f"sloth-runner state list --store {address} --agent w", ["web"]),
            (f"sloth-runner state get --store {address} -a web ", ["page"]),
        ]
    (port,) = free_ports(1)
    expected += [
        (f"sloth-runner state get --store etcd://127.0.0.1:{port}/p app", []),
        ("sloth-runner state get --store redis://h/p app", []),
        ("sloth-runner state get --store files here", ["here:key"]),
    ]
    assert complete_each([line for line, _ in expected]) == expected
