"""What watches over the process that runs Lua, and ends all below it: see :mod:`sloth_tui.runner.worker.family`."""

from __future__ import annotations

import itertools
import os
import select
import signal
import time
from contextlib import suppress

from sloth_tui.runner import link as link_
from sloth_tui.runner.processes import load
from sloth_tui.runner.protocol import encode_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.runner.link import Link, Message
    from sloth_tui.runner.worker.crowd import Crowd
    from sloth_tui.runner.worker.fence import Fence

_KILL = b"k"
"""What the supervisor says when commands are not to be waited for any longer. Anything else asks for the
end, and so does its own end."""
_KNOWN_GROUPS = 500
"""Beyond these it is looked which of them are gone."""
_COLLECTED = 400
"""Exit statuses that are taken between two looks."""
_LISTENING = 1.0
"""Seconds for a process that runs a command to hear its last words."""
_FIRST_WAIT = 0.002
_LONGEST_WAIT = 0.05

_GONE, _DONE, _STOPPED, _KILLED, _CROWDED, _ORPHANED = (
    "gone",
    "done",
    "stopped",
    "killed",
    "crowded",
    "orphaned",
)
"""Why a guard stops waiting."""


def _watch(before: bytes, child: int) -> Fence | Crowd:
    """What counts the commands: their cgroup, if the child has made one."""
    from sloth_tui.runner.worker.fence import Fence, own_directory

    directory = own_directory()
    if directory is not None and (fence := Fence(directory, os.getpid())).is_up():
        return fence
    from sloth_tui.runner.worker.crowd import Crowd

    return Crowd(before, child)


class Guard:
    """Waits for a reason to end, then ends everything below this process.

    What it needs for commands alone is imported when the first one begins.
    """

    def __init__(self, child: int, link: Link, descriptors: tuple[int, int, int], grace: float) -> None:
        """``descriptors``: the supervisor's, the channel for notes, the one that ends with the keeper.
        ``grace``: seconds."""
        self._child = child
        self._link = link
        self._crowd: Fence | Crowd | None = None
        """There when the first command begins."""
        self._before = load()
        self._too_much = ""
        self._supervisor, self._channel, self._keeper = descriptors
        self._grace = grace
        self._status: int | None = None
        self._commanding = self._still = False
        self._groups: dict[int, float] = {}
        """Those that commands were started in, and the seconds they have."""
        self._asked: dict[int, float] = {}
        """Groups that were asked because of their own time limit, and when they are killed."""
        self._fresh: list[Message] = []
        self._poll = select.poll()
        for descriptor in (link.reader, self._supervisor, self._keeper):
            self._poll.register(descriptor, select.POLLIN)

    def guard(self, said: bytes) -> None:
        self._note("started", self._child)
        reason = self._understand(said) if said else None
        while reason is None:
            reason = self._wait(self._crowd.interval if self._crowd else None)
        left = self._end(reason)
        self._collect(wait=True)
        if self._crowd is not None:
            self._crowd.remove()
        if reason is not _ORPHANED:
            assert self._status is not None
            self._note("ended", 0 if reason is _DONE else self._status, left)

    # Waiting

    def _wait(self, seconds: float | None) -> str | None:
        """Deal with what happens within that time, and say what is a reason to end."""
        ready = [descriptor for descriptor, _ in self._poll.poll(None if seconds is None else seconds * 1000)]
        if self._keeper in ready:
            return _ORPHANED
        reason = self._listen() if self._link.reader in ready else None
        if self._supervisor in ready:
            reason = self._understand(os.read(self._supervisor, 64)) or reason
        if self._crowd is not None:
            if reason is None and (too_much := self._crowd.look()):
                self._too_much = too_much
                return _CROWDED
            self._collect()
        return reason

    def _understand(self, said: bytes) -> str | None:
        if not said:
            self._poll.unregister(self._supervisor)
        return _KILLED if _KILL in said else _STOPPED

    def _listen(self) -> str | None:
        messages = self._link.receive()
        if not messages:
            self._poll.unregister(self._link.reader)
            return _GONE
        reason = None
        for message in messages:
            if message.kind == link_.BEGINNING and self._crowd is None:
                self._crowd = _watch(self._before, self._child)
            if message.kind == link_.STARTED:
                self._know(message)
            elif message.kind == link_.ASKED:
                self._asked[message.group] = time.monotonic() + (message.grace or 0.0)
            elif message.kind == link_.HELD:
                self._still = True
            elif message.kind == link_.WAITING:
                self._still, reason = True, _DONE
            self._commanding = message.kind in (link_.BEGINNING, link_.STARTED, link_.ASKED)
        return reason

    def _know(self, message: Message) -> None:
        if len(self._groups) > _KNOWN_GROUPS:
            from sloth_tui.runner.worker.crowd import is_ours

            self._groups = {group: grace for group, grace in self._groups.items() if is_ours(group)}
            self._asked = {group: end for group, end in self._asked.items() if group in self._groups}
        self._groups[message.group] = self._grace if message.grace is None else message.grace
        self._asked.pop(message.group, None)
        self._fresh.append(message)
        if self._crowd is not None:
            self._crowd.know(set(self._groups))

    # Ending

    def _end(self, reason: str) -> int:
        """End everything below this process; returns how many there were besides the child."""
        if reason is _CROWDED:
            self._note("crowded", self._too_much)
        count = 0
        commanding = self._commanding
        if reason is _GONE and self._crowd is None:
            return count
        from sloth_tui.runner.worker.ending import end_by_force

        if reason in (_CROWDED, _ORPHANED):
            os.kill(self._child, signal.SIGKILL)
        else:
            self._link.stop()
            count = self._ask() if reason is not _KILLED else 0
        if self._crowd is not None:
            self._crowd.close()
        end_by_force(spared=self._child)
        if commanding:
            self._hear_out()
        if self._status is None:
            os.kill(self._child, signal.SIGKILL)
        return count

    def _ask(self) -> int:
        """Ask what the commands have started to end, and give it its time."""
        if self._crowd is None:
            return 0
        from sloth_tui.runner.worker.ending import Ending

        self._fresh.clear()
        ending = Ending(self._grace, self._groups, self._asked, spared=self._child)
        if ending.count:
            self._note("asked", ending.count, max(0.0, ending.deadline - time.monotonic()))
        pause = _FIRST_WAIT
        while not ending.is_over():
            reason = self._wait(min(pause, self._crowd.interval))
            if reason in (_KILLED, _CROWDED, _ORPHANED):
                break
            pause = min(pause * 1.5, _LONGEST_WAIT)
            while self._fresh:
                message = self._fresh.pop()
                ending.add(message.group, self._groups[message.group])
        return ending.count

    def _hear_out(self) -> None:
        """Let the child hear, and pass on, what its command said last."""
        end = time.monotonic() + _LISTENING
        while not self._still and self._status is None and time.monotonic() < end:
            if self._wait(_LONGEST_WAIT) in (_GONE, _KILLED):
                return

    def _collect(self, *, wait: bool = False) -> None:
        """Take the exit statuses of those that have ended; with ``wait`` until there is no child any more."""
        # A fork bomb makes new ones as fast as they can be taken.
        for _ in itertools.repeat(None) if wait else range(_COLLECTED):
            try:
                pid, status = os.waitpid(-1, 0 if wait else os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child:
                self._status = status

    def _note(self, name: str, *details: object) -> None:
        with suppress(OSError):  # nobody is there any more to read it
            os.write(self._channel, encode_note(name, *details))
