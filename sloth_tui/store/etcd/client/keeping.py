"""The thread that keeps leases alive: those of the gate and of locks that are tied to this process."""

from __future__ import annotations

import math
import threading
from time import monotonic

from sloth_tui.store.etcd.client.failures import NO_LEASE, Failed
from sloth_tui.threads import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.calls import Channel

TIED_LEASE_SECONDS = 6
"""Length of the leases that this thread keeps alive, but for the gate's: how long a lock outlives its
process."""
_EVERY_SECONDS = 2.0
_ATTEMPT_SECONDS = 1.5


class Keeper:
    """Keeps leases alive until they are dropped, their time is over, or the process ends. The thread runs
    while there are any; it outlives the handle whose channel it uses if that is closed while it holds tied
    locks."""

    __slots__ = ("_channel", "_closed", "_leases", "_lock", "_thread", "_wake")

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._leases: dict[int, float] = {}
        """Lease -> when to stop, on the monotonic clock."""
        self._closed = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: Thread | None = None

    def keep(self, lease: int, seconds: float = math.inf) -> None:
        """Keep a lease alive for so many seconds."""
        with self._lock:
            self._leases[lease] = monotonic() + seconds
            if self._thread is None:
                self._wake.clear()
                thread = Thread(self._run, "leases of etcd")
                thread.start()
                self._thread = thread

    def drop(self, lease: int) -> None:
        """Stop to keep a lease alive; the caller revokes it."""
        with self._lock:
            self._leases.pop(lease, None)

    def close(self) -> None:
        """Close the channel, now or when no lease is left to keep alive."""
        with self._lock:
            self._closed = True
            thread, busy = self._thread, bool(self._leases)
        if busy:
            return
        self._wake.set()
        if thread is not None:
            thread.join(_ATTEMPT_SECONDS)
        self._channel.close()

    def _run(self) -> None:
        while not self._wake.wait(_EVERY_SECONDS):
            with self._lock:
                now = monotonic()
                self._leases = {lease: until for lease, until in self._leases.items() if until > now}
                leases = sorted(self._leases)
                if not leases:
                    self._thread = None
                    break
            for lease in leases:
                self._keep_alive(lease)
        if self._closed:
            self._channel.close()

    def _keep_alive(self, lease: int) -> None:
        try:
            granted = self._channel.keep_alive(lease, _ATTEMPT_SECONDS)
        except Failed as failed:
            if failed.kind == NO_LEASE:
                self.drop(lease)
            return
        if granted.seconds <= 0:
            self.drop(lease)
