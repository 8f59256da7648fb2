"""Stores that patient writers open, channels that fail where a test says so, and what must hold of a
store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.settings import Settings
from sloth_tui.store.etcd.client.failures import UNREACHABLE, Failed
from sloth_tui.store.etcd.opening import open_store
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.store import EtcdStore
    from sloth_tui.store.port import Store


def opened(address: str, mode: Literal["read", "write"] = "write", *, brief: bool = False) -> EtcdStore:
    """Open a store whose calls wait for the server as long as a test does, and which forgets no history."""
    store = open_store(
        address, "local", mode, brief=brief, settings=lambda: Settings(keep_revisions=1_000_000)
    )
    session_of(store).patience = A_MINUTE
    return store


def session_of(store: EtcdStore) -> Session:
    return store._session


class Died(BaseException):
    """The process is gone: no handler of an Exception may act on it."""


class Channel:
    """Passes calls on; ``before`` and ``after`` are told of each, by its method, and may raise."""

    def __init__(
        self,
        real: Any,
        *,
        before: Callable[[str, Any], None] = lambda method, request: None,
        after: Callable[[str, Any], None] = lambda method, request: None,
    ) -> None:
        self._real, self._before, self._after = real, before, after

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._real, method)
        if method in ("interrupt", "close", "watch"):
            return real

        def call(*arguments: Any) -> Any:
            self._before(method, arguments[0])
            answer = real(*arguments)
            self._after(method, arguments[0])
            return answer

        return call


class DiesAt:
    """Let a store's process die at the n-th call it makes, before it reaches the server or after; whatever
    it tries later does not happen. ``calls`` counts them."""

    def __init__(self, store: EtcdStore, number: int, *, answered: bool) -> None:
        self.calls = 0
        self._number = number
        session = session_of(store)
        session.channel = Channel(
            session.channel,
            before=self._count if not answered else lambda *call: self._require_alive(),
            after=self._count if answered else lambda *call: None,
        )

    def _count(self, method: str, request: Any) -> None:
        self.calls += 1
        if self.calls >= self._number:
            raise Died

    def _require_alive(self) -> None:
        if self.calls >= self._number:
            raise Died


def lost() -> Failed:
    return Failed(UNREACHABLE, "the connection was cut")


def violations(store: Store, counters: dict[str, int]) -> list[str]:
    """Return what is wrong with a store whose counters must have these values; each was only ever counted
    up."""
    try:
        return _violations(store, counters)
    except DatabaseUnusable as error:
        return [str(error)]


def _violations(store: Store, counters: dict[str, int]) -> list[str]:
    found = [
        f"{key} is {value!r}, not {counters[key]}"
        for key, value in ((key, store.get(key, 0)) for key in counters)
        if value != counters[key]
    ]
    revisions = [revision.revision for revision in store.revisions_since(0)]
    newest = store.revision()
    if revisions != list(range(1, newest + 1)):
        found.append(f"{len(revisions)} revisions up to {newest}: {revisions[:20]}")
    values: dict[str, list[object]] = {}
    for revision in store.revisions_since(0):
        values.setdefault(revision.key, []).append(revision.new)
    for key, history in values.items():
        if key in counters and history != list(range(1, counters[key] + 1)):
            found.append(f"{key} was {history[:20]}")
    return found + store.problems()


def left_over(store: EtcdStore) -> list[bytes]:
    """Return the names of what no store keeps when nobody is at work: stages, notes, tickets, a shut gate."""
    from sloth_tui.store.etcd.client.messages import Range, after

    session = session_of(store)
    layout = session.layout
    answers = session.read(
        *(Range(first, after(first)) for first in (layout.stages, layout.begun, layout.queue)),
        Range(layout.gate),
    )
    return [kv.key for answer in answers for kv in answer.kvs]
