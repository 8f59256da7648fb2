"""A store of many names is removed in steps: whoever comes next goes on with it."""

from __future__ import annotations

import contextlib
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.errors import AgentNotFound, Conflict
from sloth_tui.store import open_agents, open_path, open_store
from sloth_tui.store.etcd.client.channel import GrpcChannel
from sloth_tui.store.etcd.client.failures import UNREACHABLE, Failed
from sloth_tui.store.etcd.snapshots import removing
from tests.store.etcd.faults import Died
from tests.store.moving import Picture, picture, write_a_past
from tests.support import rounds

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd


@pytest.fixture
def base(shared_etcd: Etcd, prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the names of the agent begin with; its store is removed in many steps."""
    monkeypatch.setattr(removing, "_AT_ONCE", 20)
    monkeypatch.setattr(removing, "_STAGED_AT_ONCE", 3)
    monkeypatch.setenv("SLOTH_RUNNER_STORE", shared_etcd.address(prefix))
    return f"{prefix}/a/shop/"


def fill(*, past: bool = True) -> Picture:
    with open_store("shop", "write") as store:
        if past:
            write_a_past(store)
        store.set_many({f"k{number:03}": number for number in range(60)})
        store.acquire("deploy", "me", 60)
        return picture(store) if past else Picture(list(store.entries()), 0, [], {}, [], {}, {})


class Calls:
    """Counts the changes that are sent; the one of this number does not happen (or its answer is not heard),
    nor any later one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: int, *, heard: bool) -> None:
        self.made = 0
        attempt = GrpcChannel._attempt

        def counted(channel: GrpcChannel, name: str, request: bytes, *args: Any, **options: Any) -> bytes:
            if name != "KV/Txn" or b"/a/shop/" not in request:
                return attempt(channel, name, request, *args, **options)
            self.made += 1
            if self.made > fails or (heard and self.made == fails):
                raise Died
            answer = attempt(channel, name, request, *args, **options)
            if self.made == fails:
                raise Died
            return answer

        monkeypatch.setattr(GrpcChannel, "_attempt", counted)


@pytest.mark.parametrize("heard", [True, False], ids=["before", "after"])
def test_whoever_comes_next_goes_on(
    base: str, shared_etcd: Etcd, monkeypatch: pytest.MonkeyPatch, heard: bool
) -> None:
    outcomes = []
    for number in count(1, rounds(9, 1)):
        whole = fill(past=bool(rounds(0, 1))).entries
        agents = open_agents()
        with monkeypatch.context() as patched:
            calls = Calls(patched, number, heard=heard)
            with contextlib.suppress(Died):
                agents.remove("shop")
        if calls.made < number:
            break
        if number % 2:
            left = {agent.name: agent.exists for agent in open_agents().discover()}.get("shop", False)
        else:
            try:
                with open_store("shop", "read") as store:
                    left = list(store.entries()) == whole
            except AgentNotFound:
                left = False
        outcomes.append(left)
        if left:
            with open_store("shop", "read") as store:
                assert list(store.entries()) == whole
            agents.remove("shop")
        assert shared_etcd.gateway.range(base) == {}
        assert open_agents().names() == ["local"]
    assert outcomes == sorted(outcomes, reverse=True)
    assert {True, False} == set(outcomes)


def test_it_says_how_far_it_is_and_a_new_one_can_be_created_at_once(base: str) -> None:
    fill(past=False)
    agents = open_agents()
    seen: list[float] = []

    def stop(done: int, total: int) -> None:
        seen.append(done / total)
        if done / total > 0.75:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        agents.remove("shop", stop)
    assert seen == sorted(seen)
    agents.create("shop")
    with open_store("shop", "write") as store:
        assert (list(store.keys()), store.revision()) == ([], 0)
        assert store.set("a", 1) == 1
    with open_path(agents.remove("shop", lambda done, total: seen.append(done / total))) as backup:
        assert dict(backup.items()) == {"a": 1}


@pytest.mark.parametrize("part", [b"/o/", b"no agent", b"gone"], ids=["note", "stages", "steps"])
def test_what_became_of_a_step_without_an_answer_is_found_out(
    base: str, monkeypatch: pytest.MonkeyPatch, shared_etcd: Etcd, part: bytes
) -> None:
    whole, attempt = fill(past=False).entries, GrpcChannel._attempt
    lost: list[bytes] = []

    def attempted(channel: GrpcChannel, name: str, request: bytes, *args: Any, **options: Any) -> bytes:
        answer = attempt(channel, name, request, *args, **options)
        if name == "KV/Txn" and part in request and len(lost) < 3:
            lost.append(request)
            raise Failed(UNREACHABLE, "the connection was cut")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(GrpcChannel, "_attempt", attempted)
        path = open_agents().remove("shop")
    assert len(lost) == 3
    assert shared_etcd.gateway.range(base) == {}
    with open_path(path) as backup:
        assert list(backup.entries()) == whole


def test_an_agent_that_is_written_to_meanwhile_is_not_removed(base: str, shared_etcd: Etcd) -> None:
    fill(past=False)
    agents = open_agents()

    def write(done: int, total: int) -> None:
        with open_store("shop", "write") as store:
            store.set("late", done)

    before = len(shared_etcd.gateway.range(base))
    with pytest.raises(Conflict, match="written to meanwhile"):
        agents.remove("shop", write)
    names = shared_etcd.gateway.range(base)
    assert len(names) >= before
    assert [name for name in names if "/s/" in name or "/o/" in name] == []


@pytest.mark.parametrize("exists", [True, False])
def test_a_copy_that_is_given_up_is_taken_back_in_steps(base: str, shared_etcd: Etcd, exists: bool) -> None:
    whole = fill(past=False).entries
    agents = open_agents()
    if exists:
        agents.create("copy")
    there = base.replace("/shop/", "/copy/")

    def stop(done: int, total: int) -> None:
        if done / total >= 0.9:
            raise KeyboardInterrupt

    with open_store("shop", "read") as source, open_store("copy", "write") as target:
        token = target.acquire("kept", "me", 60).token
        with pytest.raises(KeyboardInterrupt):
            target.load(source.dump(), stop)
        assert (list(target.keys()), target.revision()) == ([], 0)
        if exists:
            assert [lock.token for lock in target.locks()] == [token]
        target.load(source.dump())
        assert list(target.entries()) == whole
        assert target.problems() == []
    assert [name for name in shared_etcd.gateway.range(there) if "/s/" in name or "/o/" in name] == []
