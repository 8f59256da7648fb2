"""An alarm clock: a thread that hears of every commit and every lock, and says that there is something to
read.

What changed is always read from the store itself: a watch may lose events when the server compacts or
restarts."""

from __future__ import annotations

import threading
from time import monotonic

from sloth_tui.store.etcd.client.failures import UNREACHABLE, Failed, error_for
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.threads import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.data.layout import Layout

_PAUSE_SECONDS = 0.25
"""Pause before a watch that broke is begun again."""


class Watch:
    """Counts what happens to an agent's store. :attr:`count` may be read from any thread."""

    __slots__ = (
        "_begun",
        "_broken",
        "_broken_since",
        "_channel",
        "_closed",
        "_layout",
        "_location",
        "_patience",
        "count",
    )

    def __init__(self, channel: Channel, layout: Layout, location: str, patience: float) -> None:
        """Begin to watch. The channel is used for nothing else, and closed by :meth:`close`."""
        self.count = 0
        self._begun = threading.Event()
        self._channel = channel
        self._layout = layout
        self._location = location
        self._patience = patience
        self._closed = threading.Event()
        self._broken: Failed | None = None
        self._broken_since = 0.0
        Thread(self._run, "watch of etcd").start()

    def await_begin(self) -> None:
        """Wait until the first watch has begun, so that no later event is missed, or the server was tried for
        long enough."""
        self._begun.wait(self._patience)

    def check(self) -> None:
        """Raise DatabaseUnusable if the server has not been heard for too long."""
        broken = self._broken
        if broken is not None and monotonic() - self._broken_since > self._patience:
            raise error_for(broken, self._location, writing=False, seconds=self._patience)

    def close(self) -> None:
        self._closed.set()
        self._channel.interrupt()
        self._channel.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except Failed as failed:
                self._note(failed)
            except ValueError:
                return  # the channel was closed
            if self._closed.wait(_PAUSE_SECONDS):
                return

    def _listen(self) -> None:
        layout = self._layout
        ranges = Range(layout.head), Range(layout.locks, after(layout.locks))
        for heard, message in enumerate(self._channel.watch(*ranges), 1):
            if message.canceled:
                self._note(Failed(UNREACHABLE, message.canceled))
                return
            # The first message of each range counts, too: something may have happened before it.
            self._broken = None
            self.count += 1
            if heard == len(ranges):
                self._begun.set()

    def _note(self, failed: Failed) -> None:
        if self._broken is None:
            self._broken_since = monotonic()
        self._broken = failed
