"""The thread that keeps leases alive: those of the gate and of locks that are tied to this process."""

from __future__ import annotations

import threading

from sloth_tui.store.etcd.failures import NO_LEASE, Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.session import Channel

_EVERY_SECONDS = 2.0
_ATTEMPT_SECONDS = 1.5


class Keeper:
    """Keeps leases alive until they are dropped, or the process ends. The thread runs while there are any."""

    __slots__ = ("_channel", "_leases", "_lock", "_thread", "_wake")

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._leases: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self, lease: int) -> None:
        with self._lock:
            self._leases.add(lease)
            if self._thread is None:
                self._wake.clear()
                self._thread = threading.Thread(target=self._run, name="leases of etcd", daemon=True)
                self._thread.start()

    def drop(self, lease: int) -> None:
        """Stop to keep a lease alive; the caller revokes it."""
        with self._lock:
            self._leases.discard(lease)

    def close(self) -> None:
        with self._lock:
            self._leases.clear()
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(_ATTEMPT_SECONDS)

    def _run(self) -> None:
        while not self._wake.wait(_EVERY_SECONDS):
            with self._lock:
                leases = sorted(self._leases)
                if not leases:
                    self._thread = None
                    return
            for lease in leases:
                try:
                    granted = self._channel.keep_alive(lease, _ATTEMPT_SECONDS)
                except Failed as failed:
                    if failed.kind == NO_LEASE:
                        self.drop(lease)
                else:
                    if granted.seconds <= 0:
                        self.drop(lease)
        with self._lock:
            self._thread = None
