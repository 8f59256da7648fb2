"""Calls that wait for the server, and are broken off: by another thread, or by a signal."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Interrupted
from tests.store.etcd.faults import opened, session_of
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.store import EtcdStore
    from tests.servers.etcd import Etcd


@pytest.fixture
def silent(etcd: Etcd) -> Iterator[EtcdStore]:
    """A store that was read once, whose server is stopped since."""
    with opened(etcd.address("shop")) as store:
        store.set("key", 1)
        assert store.get("key") == 1
        (member,) = etcd.members
        member.pause()
        try:
            yield store
        finally:
            member.go_on()
        assert store.get("key") == 1
        assert store.set("key", 2) == 2


def once_it_waits(store: EtcdStore, act: Callable[[], object]) -> threading.Thread:
    channel = session_of(store).channel

    def wait() -> None:
        wait_until(lambda: channel._blocking is not None or channel._running)  # type: ignore[attr-defined]
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_another_thread_breaks_off_what_this_one_asks(silent: EtcdStore) -> None:
    for ask in (lambda: silent.get("key"), lambda: list(silent.keys())):
        thread = once_it_waits(silent, silent.interrupt)
        with pytest.raises(Interrupted):
            ask()
        thread.join()


def test_this_thread_breaks_off_what_another_one_asks(silent: EtcdStore) -> None:
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            silent.get("key")
        except Interrupted as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    once_it_waits(silent, silent.interrupt).join()
    thread.join()
    assert len(ended) == 1


def test_a_signal_breaks_it_off(silent: EtcdStore) -> None:
    thread = once_it_waits(silent, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        silent.get("key")
    thread.join()
