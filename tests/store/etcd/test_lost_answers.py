"""A connection that breaks after the server has a request: what becomes of it is found out, and it is done
once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.etcd.faults import Channel, left_over, opened, session_of, violations
from tests.store.etcd.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.store import EtcdStore
    from tests.servers.etcd import Etcd

either_way = pytest.mark.parametrize("deliver", [True, False], ids=["answer", "request"])
"""Which of the two is lost."""
_COMMIT = b"/a/local/n/"
"""Part of every commit, and of nothing else here."""
_LOCK = b"/a/local/l/deploy"
_MANY = 700


@pytest.fixture
def proxy(shared_etcd: Etcd) -> Iterator[Proxy]:
    with Proxy(shared_etcd) as proxy:
        yield proxy


@pytest.fixture(params=["grpc", "gateway"])
def store(proxy: Proxy, prefix: str, request: pytest.FixtureRequest) -> Iterator[EtcdStore]:
    """One with two revisions of ``n``, through the proxy."""
    with opened(f"etcd://127.0.0.1:{proxy.port}/{prefix}", brief=request.param == "gateway") as store:
        store.increment("n")
        store.increment("n")
        yield store


@pytest.fixture
def other(address: str) -> Iterator[EtcdStore]:
    """Somebody who is connected without the proxy."""
    with opened(address) as other:
        yield other


@either_way
def test_set(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    proxy.lose(_COMMIT, deliver=deliver)
    store.set("a", "once")
    assert proxy.cuts == 1
    assert [(change.revision, change.key, change.new) for change in other.revisions_since(2)] == [
        (3, "a", "once")
    ]
    assert violations(other, {"n": 2}) == []


@either_way
def test_increment(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    proxy.lose(_COMMIT, deliver=deliver)
    assert store.increment("n") == 3
    assert proxy.cuts == 1
    assert store.increment("n") == 4
    assert violations(other, {"n": 4}) == []


_APOLOGY = b"<html>Bad Gateway</html>"


@pytest.mark.parametrize("store", ["gateway"], indirect=True)
@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found", b"502 Bad Gateway", b"504 Gateway Timeout"])
def test_the_apology_of_a_proxy_instead_of_the_answer(
    proxy: Proxy, store: EtcdStore, other: EtcdStore, status: bytes
) -> None:
    """It is in no words of etcd, and is not taken to mean that nothing was done."""
    answer = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(_APOLOGY), _APOLOGY)
    proxy.lose(_COMMIT, deliver=True, answer=answer)
    assert store.increment("n") == 3
    assert proxy.cuts == 1
    assert store.increment("n") == 4
    assert violations(other, {"n": 4}) == []


def test_increment_while_others_write(proxy: Proxy, store: EtcdStore, other: EtcdStore) -> None:
    """Between the lost answer and the question what became of it, the head moves on."""
    session = session_of(store)

    def others_too(method: str, request: object) -> None:
        if proxy.cuts and not moved:
            moved.append(other.increment("n"))

    moved: list[object] = []
    session.channel = Channel(session.channel, before=others_too)
    proxy.lose(_COMMIT, deliver=True)
    assert store.increment("n") == 3
    assert moved == [4]
    assert violations(other, {"n": 4}) == []


@either_way
def test_delete_and_undo(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    proxy.lose(_COMMIT, deliver=deliver)
    store.delete("n")
    assert proxy.cuts == 1
    (deleted,) = other.revisions_since(2)
    assert deleted.operation == "delete"
    store.set_origin(session_of(other).origin_now())
    store.set("b", 1)
    (newest, *_) = other.change_sets()
    # Its reading asks for the same names; only a commit has the head so often.
    proxy.lose(b"/a/local/h", times=3, deliver=deliver)
    store.undo(newest)
    assert proxy.cuts == 2
    assert [change.operation for change in other.revisions_since(3)] == ["set", "delete"]


@either_way
def test_transaction(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    proxy.lose(_COMMIT, deliver=deliver)
    with store.transaction():
        store.increment("n")
        store.set("a", 1)
    assert proxy.cuts == 1
    assert [change.key for change in other.revisions_since(2)] == ["n", "a"]
    assert violations(other, {"n": 3}) == []
    assert left_over(other) == []


@either_way
@pytest.mark.parametrize("part", [b"/a/local/q/", b"/a/local/g"], ids=["ticket", "gate"])
def test_entering_a_transaction(
    proxy: Proxy, store: EtcdStore, other: EtcdStore, part: bytes, *, deliver: bool
) -> None:
    proxy.lose(part, b"/a/local/q/", deliver=deliver)
    with store.transaction():
        store.increment("n")
    assert proxy.cuts == 1
    other.increment("n")
    assert violations(other, {"n": 4}) == []
    assert left_over(other) == []


@either_way
@pytest.mark.parametrize("part", [_COMMIT, b"/a/local/s/", b"/a/local/o/"], ids=["commit", "stage", "note"])
def test_large_commit(
    proxy: Proxy, store: EtcdStore, other: EtcdStore, part: bytes, *, deliver: bool
) -> None:
    proxy.lose(part, deliver=deliver)
    store.set_many({f"k{number:03}": number for number in range(_MANY)})
    assert proxy.cuts == 1
    assert other.count("k") == _MANY
    assert other.revision() == 2 + _MANY
    assert violations(other, {"n": 2}) == []
    assert left_over(other) == []


@either_way
def test_large_value(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    large = "x" * 600_000
    proxy.lose(b"/a/local/h", _COMMIT, deliver=deliver)
    store.set("a", large)
    assert proxy.cuts == 1
    assert other.get("a") == large
    assert left_over(other) == []


@either_way
def test_acquire(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    proxy.lose(_LOCK, b'"nonce"', deliver=deliver)
    taken = store.acquire("deploy", "me", 60)
    assert proxy.cuts == 1
    (held,) = other.locks()
    assert (held.token, held.holder) == (taken.token, "me")
    store.fence("deploy", taken.token)
    store.increment("n")
    store.release("deploy", "me", token=taken.token)
    assert other.locks() == []


@either_way
def test_renew(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    taken = store.acquire("deploy", "me", 60)
    proxy.lose(_LOCK, b'"seconds": 600', deliver=deliver)
    assert store.renew("deploy", "me", 600).token == taken.token
    assert proxy.cuts == 1
    (held,) = other.locks()
    assert held.token == taken.token
    assert 60 < held.remaining <= 600


@either_way
def test_release(proxy: Proxy, store: EtcdStore, other: EtcdStore, *, deliver: bool) -> None:
    store.acquire("deploy", "me", 60)
    # The name stands in the comparison and in what deletes the key.
    proxy.lose(_LOCK, times=2, deliver=deliver)
    store.release("deploy", "me")
    assert proxy.cuts == 1
    assert other.locks() == []
    assert other.acquire("deploy", "you", 60).holder == "you"


@either_way
def test_break(store: EtcdStore, other: EtcdStore, proxy: Proxy, *, deliver: bool) -> None:
    other.acquire("deploy", "you", 60)
    proxy.lose(_LOCK, b"/a/local/L/", deliver=deliver)
    assert store.break_lock("deploy").holder == "you"
    assert proxy.cuts == 1
    assert [made.holder for made in other.lock_breaks()] == ["you"]
