"""What a channel to the server offers, whichever its encoding. Typing only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.client.messages import (
        Granted,
        Range,
        RangeAnswer,
        Status,
        Txn,
        TxnAnswer,
        Watched,
    )


class Channel(Protocol):
    """Calls to the server, in one encoding or another. Each is one attempt of at most ``seconds``, and raises
    :class:`~sloth_tui.store.etcd.client.failures.Failed`. May be shared by threads."""

    def range(self, request: Range, seconds: float) -> RangeAnswer: ...

    def txn(self, request: Txn, seconds: float) -> TxnAnswer: ...

    def grant(self, lease_seconds: int, seconds: float) -> Granted: ...

    def revoke(self, lease: int, seconds: float) -> None: ...

    def keep_alive(self, lease: int, seconds: float) -> Granted: ...

    def time_to_live(self, lease: int, seconds: float) -> Granted: ...

    def status(self, seconds: float) -> Status: ...

    def watch(self, *ranges: Range) -> Iterator[Watched]: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...
