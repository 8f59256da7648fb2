"""Writers take turns: whoever writes again and again lets those go first who wait."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.s3.leases import gate
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from sloth_tui.store.s3.store import S3Store
    from tests.store.s3.conftest import OpenS3


def waits_in_the_gate(store: S3Store) -> bool:
    there = store._writer._gate
    lease = there._leases.read(there._path)
    return lease is not None and bool(gate._waiting(lease))


def is_locked(path: str) -> bool:
    if not Path(path).exists():
        return False
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@pytest.mark.parametrize("machine", ["here", "other"])
def test_who_waits_goes_before_who_was_there(
    open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    """The other one is another process of this machine, or on another machine."""
    monkeypatch.setattr(gate, "_YIELD_SECONDS", A_MINUTE)
    store, other = open_s3(), open_s3(machine=machine)
    store.set("turns", [])

    def write(who: str) -> None:
        turns = (store if who == "first" else other).get("turns")
        assert isinstance(turns, list)
        (store if who == "first" else other).set("turns", [*turns, who])

    def second() -> None:
        with other.transaction():
            write("second")

    thread = threading.Thread(target=second)
    with store.transaction():
        write("first")
        thread.start()
        if machine == "here":
            wait_until(lambda: is_locked(store._writer._copy._next_path))
        else:
            wait_until(lambda: waits_in_the_gate(store))
    with store.transaction():
        write("first")
    thread.join()
    assert store.get("turns") == ["first", "second", "first"]


def test_who_has_given_up_holds_nobody_up(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_YIELD_SECONDS", 0.05)
    store = open_s3()
    with store.transaction():
        store.set("key", 1)
        there = store._writer._gate
        lease = there._leases.read(there._path)
        assert lease is not None
        there._leases.write(there._path, lease.body._replace(holder="transaction nobody", nonce="x"), lease)
    assert waits_in_the_gate(store)
    with store.transaction():
        store.set("key", 2)
    assert not waits_in_the_gate(store)
    assert open_s3(machine="other").get("key") == 2
