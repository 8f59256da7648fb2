"""The agents of a server: list, create, copy, back up and remove them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.errors import AgentNotFound, Conflict, InvalidAgentName, Refused
from sloth_tui.store import open_agents, open_entries, open_path, open_store
from sloth_tui.store.etcd.client.channel import GrpcChannel
from sloth_tui.store.etcd.client.failures import UNREACHABLE, Failed
from tests.servers.etcd import Etcd, needs_etcd
from tests.store.etcd.proxy import Proxy
from tests.store.moving import picture, write_a_past

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.port import Store

pytestmark = [pytest.mark.slow, needs_etcd]


@pytest.fixture
def address(place: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    found = place()
    monkeypatch.setenv("SLOTH_RUNNER_STORE", found)
    return found


def writing(agent: str) -> Store:
    return open_store(agent, "write")


def test_an_agent_is_there_once_it_is_written_to(address: str) -> None:
    agents = open_agents()
    assert agents.names() == ["local"]
    assert not agents.known("local")
    (local,) = agents.discover()
    assert (local.name, local.exists, local.keys, local.locks, local.modified_at) == (
        "local",
        False,
        0,
        0,
        None,
    )
    with writing("shop") as store:
        store.set("a", 1)
        changed = store.entry("a").updated_at
    with writing("locked") as store:
        store.acquire("deploy", "me", 60)
    assert agents.names() == ["local", "locked", "shop"]
    assert [agents.known(name) for name in ("local", "locked", "shop", "other")] == [False, True, True, False]
    found = {one.name: one for one in agents.discover()}
    assert found["shop"] == agents.look_at("shop")
    assert (found["shop"].exists, found["shop"].keys, found["shop"].locks) == (True, 1, 0)
    assert found["shop"].modified_at == changed
    assert (found["locked"].exists, found["locked"].keys, found["locked"].locks) == (True, 0, 1)
    with pytest.raises(InvalidAgentName):
        agents.known("../x")


def test_figures_follow_every_change(address: str) -> None:
    agents = open_agents()
    with writing("shop") as store:
        for number in range(3):
            store.set(f"k{number}", number)
            assert agents.look_at("shop").keys == number + 1
        store.set_many({f"many{number}": number for number in range(2000)})
        assert agents.look_at("shop").keys == 2003
        store.delete_prefix("k")
        assert agents.look_at("shop").keys == 2000


class _Calls:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        attempt = GrpcChannel._attempt

        def counted(channel: GrpcChannel, *args: Any, **options: Any) -> bytes:
            self.made += 1
            return attempt(channel, *args, **options)

        monkeypatch.setattr(GrpcChannel, "_attempt", counted)


def test_looking_at_many_agents_costs_as_much_as_at_one(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        with writing(f"agent{number:02}") as store:
            store.set("a", number)
    agents = open_agents()
    calls = _Calls(monkeypatch)
    assert len(agents.discover()) == 31
    assert calls.made <= 3
    calls.made = 0
    agents.discover()
    assert calls.made <= 2


def test_an_agent_that_does_not_exist_cannot_be_read(address: str) -> None:
    with writing("shop") as store:
        store.set("a", 1)
    questions: list[Callable[[Store], object]] = [
        lambda store: store.get("a"),
        lambda store: store.exists("a"),
        lambda store: store.count(),
        lambda store: list(store.entries()),
        lambda store: list(store.keys("a")),
        lambda store: store.revision(),
        lambda store: list(store.revisions("a")),
        lambda store: list(store.change_sets()),
        lambda store: store.newest_change_set(),
        lambda store: store.complete_since(),
        lambda store: store.locks(),
        lambda store: store.lock("x"),
        lambda store: store.lock_breaks(),
        lambda store: store.stats(),
        lambda store: list(store.dump()),
    ]
    for question in questions:
        with open_store("nobody", "read") as store, pytest.raises(AgentNotFound) as caught:
            question(store)
        assert caught.value.message == "agent 'nobody' has no store"
        assert caught.value.hint == "agents: local, shop"
    with open_entries("nobody") as entries, pytest.raises(AgentNotFound):
        entries.get("a")
    with open_store("local", "read") as store:
        for question in questions[:5]:
            question(store)


def test_reading_asks_no_more_because_the_agent_may_be_missing(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing("shop") as store:
        store.set("a", 1)
    calls = _Calls(monkeypatch)
    with open_store("shop", "read") as store:
        assert store.get("a") == 1
        assert calls.made == 1


def test_create(address: str) -> None:
    agents = open_agents()
    assert agents.create("shop").startswith("etcd://")
    assert agents.known("shop")
    with open_store("shop", "read") as store:
        assert list(store.keys()) == []
        assert store.revision() == 0
    with pytest.raises(Conflict, match="'shop' has a store already"):
        agents.create("shop")
    with writing("shop") as store:
        assert store.set("a", 1) == 1


def test_duplicate(address: str) -> None:
    agents = open_agents()
    seen: list[tuple[int, int]] = []
    with writing("shop") as store:
        write_a_past(store)
        store.acquire("deploy", "me", 60)
        before = picture(store)
        agents.duplicate("shop", "copy", lambda done, total: seen.append((done, total)))
        with writing("copy") as copied:
            assert picture(copied) == before
            assert copied.locks() == []
            assert copied.problems() == []
            copied.set("app:n", "other")
        assert picture(store) == before
    assert seen[-1][0] == seen[-1][1]
    with pytest.raises(Conflict):
        agents.duplicate("shop", "copy")
    with pytest.raises(AgentNotFound):
        agents.duplicate("nobody", "other")
    assert agents.names() == ["copy", "local", "shop"]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_a_copy_that_is_given_up_leaves_nothing(address: str, shared_etcd: Etcd, share: float) -> None:
    agents = open_agents()
    with writing("shop") as store:
        store.set_many({f"k{number}": "v" * 100 for number in range(2000)})
        store.set("big", "v" * 600_000)

    def progress(done: int, total: int) -> None:
        if done / total >= share:
            raise KeyboardInterrupt

    prefix = address.partition("://")[2].partition("/")[2]
    with pytest.raises(KeyboardInterrupt):
        agents.duplicate("shop", "copy", progress)
    assert agents.names() == ["local", "shop"]
    assert shared_etcd.gateway.range(f"{prefix}/a/copy") == {}
    agents.duplicate("shop", "copy")
    assert agents.look_at("copy").keys == 2001


def test_a_backup_is_a_database_with_all_of_it(address: str) -> None:
    agents = open_agents()
    with writing("shop") as store:
        write_a_past(store)
        before = picture(store)
    path = agents.back_up("shop")
    assert os.path.dirname(path) == agents.backups
    assert os.stat(path).st_mode & 0o777 == 0o600
    saved = os.path.basename(path)
    assert sorted(os.listdir(agents.backups)) == [saved, f"{saved}.sha256"]
    with open_path(path, "write") as restored:
        assert picture(restored) == before
        restored.undo(restored.newest_change_set(), force=True)
    with pytest.raises(AgentNotFound):
        agents.back_up("nobody")


def test_remove(address: str, shared_etcd: Etcd) -> None:
    agents = open_agents()
    with writing("shop") as store:
        write_a_past(store)
        before = picture(store)
        path = agents.remove("shop")
        assert agents.names() == ["local"]
        assert shared_etcd.gateway.range(address.partition("://")[2].partition("/")[2] + "/") == {}
        # A handle that was open goes on with a new store.
        assert store.set("a", 1) == 1
    with open_path(path, "read") as backup:
        assert picture(backup) == before
    with pytest.raises(Refused):
        agents.remove("local")
    with pytest.raises(AgentNotFound):
        agents.remove("nobody")


def test_an_agent_that_is_written_to_meanwhile_is_not_removed(address: str) -> None:
    agents = open_agents()
    with writing("shop") as store:
        store.set("a", 1)

        def write(_done: int, _total: int) -> None:
            store.set("late", True)

        with pytest.raises(Conflict, match="written to meanwhile"):
            agents.remove("shop", write)
        assert dict(store.items()) == {"a": 1, "late": True}
    assert os.listdir(agents.backups) == []


@pytest.fixture
def proxy(shared_etcd: Etcd, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Between the agents of this process and the server."""
    with Proxy(shared_etcd) as proxy:
        monkeypatch.setenv("SLOTH_RUNNER_STORE", f"etcd://127.0.0.1:{proxy.port}/{prefix}")
        yield proxy


@pytest.mark.parametrize("deliver", [True, False], ids=["answer", "request"])
def test_what_became_of_a_creation_without_an_answer_is_found_out(proxy: Proxy, deliver: bool) -> None:
    agents = open_agents()
    agents.known("shop")
    proxy.lose(b"agents/shop", b"a/shop/h", deliver=deliver)
    agents.create("shop")
    assert proxy.cuts == 1
    assert agents.names() == ["local", "shop"]
    with pytest.raises(Conflict):
        agents.create("shop")


def _without_an_answer(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Have the server do what creates or removes an agent, without an answer; then something else happens."""
    attempt, left = GrpcChannel._attempt, [1]

    def attempted(channel: GrpcChannel, name: str, request: bytes, *args: Any, **options: Any) -> bytes:
        answer = attempt(channel, name, request, *args, **options)
        if name == "KV/Txn" and b"agents/shop" in request and left:
            left.clear()
            then()
            raise Failed(UNREACHABLE, "the connection was cut")
        return answer

    monkeypatch.setattr(GrpcChannel, "_attempt", attempted)


def test_what_others_do_to_an_agent_meanwhile_is_not_mixed_up_with_its_creation(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = open_agents()

    def others() -> None:
        with writing("shop") as store:
            store.set("theirs", 1)

    _without_an_answer(monkeypatch, others)
    agents.create("shop")
    with writing("shop") as store:
        assert dict(store.items()) == {"theirs": 1}


def test_an_agent_that_others_create_anew_is_not_mixed_up_with_the_removed_one(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = open_agents()
    with writing("shop") as store:
        store.set("a", 1)

    def others() -> None:
        with writing("shop") as store:
            store.set("theirs", 1)

    _without_an_answer(monkeypatch, others)
    with open_path(agents.remove("shop")) as backup:
        assert dict(backup.items()) == {"a": 1}
    with writing("shop") as store:
        assert dict(store.items()) == {"theirs": 1}
