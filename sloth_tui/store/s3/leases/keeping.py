"""A thread that shows other machines that the holder of tied locks lives."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sloth_tui.errors import SlothError
from sloth_tui.store.s3.client.objects import Lost
from sloth_tui.store.s3.leases.leases import BEAT_SECONDS
from sloth_tui.threads import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.s3.leases.leases import Leases

_EVERY_SECONDS = BEAT_SECONDS / 3
_CLOSE_SECONDS = 0.5
"""How long a request under way may hold up the end of a handle; what it still changes is refused."""


class Keeper:
    """Keeps the tied locks of one handle until they are let go. Safe from any thread."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._kept: dict[str, tuple[int, float]] = {}
        """Path -> (token, when other machines were last shown that its holder lives, by the monotonic
        clock)."""
        self._changed = threading.Condition()
        self._thread: Thread | None = None

    def keep(self, path: str, token: int, since: float) -> None:
        """Keep a lock that was written after ``since``."""
        with self._changed:
            self._kept[path] = token, since
            if self._thread is None:
                thread = Thread(lambda: self._run(thread), "keeper")
                thread.start()
                self._thread = thread

    def let_go(self, path: str, token: int) -> None:
        with self._changed:
            if path in self._kept and self._kept[path][0] == token:
                del self._kept[path]

    def is_sure(self, path: str, token: int) -> bool:
        """Return False if other machines may by now count this lock as free."""
        kept = self._kept.get(path)
        return kept is None or kept[0] != token or time.monotonic() - kept[1] < BEAT_SECONDS

    def close(self) -> None:
        with self._changed:
            self._kept.clear()
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join(_CLOSE_SECONDS)

    def _run(self, thread: Thread) -> None:
        while True:
            with self._changed:
                self._changed.wait(_EVERY_SECONDS)
                if self._thread is not thread:
                    return
                kept = list(self._kept.items())
            for path, (token, _) in kept:
                with suppress(SlothError, Lost):  # the next round tries again
                    self._show(path, token)

    def _show(self, path: str, token: int) -> None:
        since, lease = time.monotonic(), self._leases.read(path)
        if lease is None or lease.body.token != token or not lease.body.held:
            self.let_go(path, token)
            return
        left = lease.remaining()
        if left:
            self._leases.write(path, self._leases.renewed(lease.body, left), lease)
            with self._changed:
                if path in self._kept and self._kept[path][0] == token:
                    self._kept[path] = token, since
