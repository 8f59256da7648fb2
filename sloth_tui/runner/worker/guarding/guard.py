"""Watch the process that runs Lua, and end all of its descendants: see :mod:`.family`."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress

from sloth_tui.runner import link as link_
from sloth_tui.runner.control_files import remove_control_files
from sloth_tui.runner.processes import read_load
from sloth_tui.runner.protocol import encode_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.runner.link import Link, Message
    from sloth_tui.runner.worker.guarding.crowd import ProcessCounter
    from sloth_tui.runner.worker.guarding.fence import CommandCgroup

_KILL = b"k"
"""The supervisor's request not to wait for commands any longer. Any other data, and the end of the
descriptor, is a request to end."""
_MAX_GROUPS = 500
"""The number of groups beyond which those that are gone are dropped."""
_REAP_POLL_SECONDS = 0.002
_MAX_REAPED = 400
"""Processes that are reaped between two checks."""
_LAST_OUTPUT_SECONDS = 1.0
"""The time that the child gets to read the last output of its command."""
_FIRST_WAIT_SECONDS = 0.002
_MAX_WAIT_SECONDS = 0.05

_GONE, _DONE, _STOPPED, _KILLED, _CROWDED, _ORPHANED = (
    "gone",
    "done",
    "stopped",
    "killed",
    "crowded",
    "orphaned",
)
"""The reasons for which a guard stops waiting."""


def _make_counter(before: bytes, child: int) -> CommandCgroup | ProcessCounter:
    """Return what counts the processes of commands: their cgroup, if the child has made one."""
    from sloth_tui.runner.worker.guarding.fence import CommandCgroup, find_own_cgroup

    directory = find_own_cgroup()
    if directory is not None and (fence := CommandCgroup(directory, os.getpid())).exists():
        return fence
    from sloth_tui.runner.worker.guarding.crowd import ProcessCounter

    return ProcessCounter(before, child)


class _Reaper:
    """Reaps the child of the guard, and whatever loses its parent below it."""

    def __init__(self, child: int) -> None:
        self._child = child
        self.status: int | None = None
        """How the child ended; None while it runs."""

    def reap(self) -> bool:
        """Reap processes that have ended; return True if no child is left."""
        # A fork bomb makes new ones as fast as they can be reaped.
        for _ in range(_MAX_REAPED):
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._child:
                self.status = status
        return False

    def reap_all(self) -> None:
        """Wait for the child, which ends or was killed, then kill and reap what is left.

        While the threads of a killed process still end, its children stay below it, although it counts as
        ended, and a search for descendants misses them. They appear below this process when that is over.
        """
        if self.status is None:
            self.status = os.waitpid(self._child, 0)[1]
        while not self.reap():
            from sloth_tui.runner.worker.guarding.ending import kill_descendants

            kill_descendants()
            time.sleep(_REAP_POLL_SECONDS)

    def is_alone(self) -> bool:
        """Return True if the child has ended, and no descendant is left: orphans are this process's children.

        To look for descendants among all processes of the system takes longer than most commands do.
        """
        end = time.monotonic() + _MAX_WAIT_SECONDS
        while not self.reap():
            if self.status is not None or time.monotonic() > end:
                return False
            time.sleep(_REAP_POLL_SECONDS)
        return True


class Guard:
    """Waits for a reason to end, then ends all descendants of this process.

    Modules that are needed for commands only are imported when the first command begins.
    """

    def __init__(self, child: int, link: Link, descriptors: tuple[int, int, int], grace: float) -> None:
        """``descriptors``: the supervisor's, the one for notes, the one that ends with the keeper. ``grace``:
        seconds."""
        self._child = child
        self._link = link
        self._counter: CommandCgroup | ProcessCounter | None = None
        """None before the first command."""
        self._before = read_load()
        self._too_much = ""
        self._supervisor, self._channel, self._keeper = descriptors
        self._grace = grace
        self._reaper = _Reaper(child)
        self._commanding = self._still = False
        self._groups: dict[int, float] = {}
        """The process groups of commands, with their grace in seconds."""
        self._asked: dict[int, float] = {}
        """Groups that were asked to end after their own timeout, with the time at which they are killed."""
        self._relaying: set[int] = set()
        """Groups that carry the output of a command on another host, which the child asks to end."""
        self._fresh: list[Message] = []
        self._poll = select.poll()
        for descriptor in (link.reader, self._supervisor, self._keeper):
            self._poll.register(descriptor, select.POLLIN)

    def guard(self, received: bytes) -> None:
        """Do all of the work. ``received``: data that has been read from the supervisor before."""
        self._note("started", self._child)
        reason = self._read_request(received) if received else None
        while reason is None:
            reason = self._wait(self._counter.interval if self._counter else None)
        left = self._end(reason)
        self._reaper.reap_all()
        if self._counter is not None:
            self._counter.remove()
            remove_control_files(os.getpid())
        if reason is not _ORPHANED:
            assert self._reaper.status is not None
            self._note("ended", 0 if reason is _DONE else self._reaper.status, left)

    # Waiting

    def _wait(self, seconds: float | None) -> str | None:
        """Handle what happens within that time; return the reason to end, if there is one."""
        ready = [descriptor for descriptor, _ in self._poll.poll(None if seconds is None else seconds * 1000)]
        if self._keeper in ready:
            return _ORPHANED
        reason = self._listen() if self._link.reader in ready else None
        if self._supervisor in ready:
            reason = self._read_request(os.read(self._supervisor, 64)) or reason
        if self._counter is not None:
            if reason is None and (too_much := self._counter.look()):
                self._too_much = too_much
                return _CROWDED
            self._reaper.reap()
        return reason

    def _read_request(self, received: bytes) -> str | None:
        if not received:
            self._poll.unregister(self._supervisor)
        return _KILLED if _KILL in received else _STOPPED

    def _listen(self) -> str | None:
        messages = self._link.receive()
        if not messages:
            self._poll.unregister(self._link.reader)
            return _GONE
        reason = None
        for message in messages:
            if message.kind == link_.BEGINNING and self._counter is None:
                self._counter = _make_counter(self._before, self._child)
            if message.kind == link_.STARTED:
                self._add_group(message)
            elif message.kind == link_.ASKED:
                self._asked[message.group] = time.monotonic() + (message.grace or 0.0)
            elif message.kind == link_.RELAYING:
                self._relaying.add(message.group)
            elif message.kind == link_.ENDED:
                self._end_relaying()
            elif message.kind == link_.HELD:
                self._still = True
            elif message.kind == link_.WAITING:
                self._still, reason = True, _DONE
            self._commanding = message.kind in (
                link_.BEGINNING,
                link_.STARTED,
                link_.ASKED,
                link_.RELAYING,
            )
        return reason

    def _end_relaying(self) -> None:
        """Ask groups that were not asked because they carried output, if everything else has been."""
        if self._link.stopped:
            for group in self._relaying:
                with suppress(OSError):
                    os.killpg(group, signal.SIGTERM)
        self._relaying.clear()

    def _add_group(self, message: Message) -> None:
        if len(self._groups) > _MAX_GROUPS:
            from sloth_tui.runner.worker.guarding.crowd import is_own_group

            self._groups = {group: grace for group, grace in self._groups.items() if is_own_group(group)}
            self._asked = {group: end for group, end in self._asked.items() if group in self._groups}
        self._groups[message.group] = self._grace if message.grace is None else message.grace
        self._asked.pop(message.group, None)
        self._fresh.append(message)
        if self._counter is not None:
            self._counter.set_groups(set(self._groups))

    # Termination

    def _end(self, reason: str) -> int:
        """End all descendants; return how many there were, without the child."""
        if reason is _CROWDED:
            self._note("crowded", self._too_much)
        count = 0
        commanding = self._commanding
        if reason is _GONE and (self._counter is None or self._reaper.is_alone()):
            return count
        from sloth_tui.runner.worker.guarding.ending import kill_descendants

        if reason in (_CROWDED, _ORPHANED):
            os.kill(self._child, signal.SIGKILL)
        else:
            self._link.stop()
            count = self._ask() if reason is not _KILLED else 0
        if self._counter is not None:
            self._counter.close()
        kill_descendants(spared=self._child)
        if commanding:
            self._wait_for_last_output()
        if self._reaper.status is None:
            os.kill(self._child, signal.SIGKILL)
        return count

    def _ask(self) -> int:
        """Ask the processes of commands to end, and wait for their grace; return how many there were."""
        if self._counter is None:
            return 0
        from sloth_tui.runner.worker.guarding.ending import Termination

        self._fresh.clear()
        ending = Termination(
            self._grace, self._groups, self._asked, spared=self._child, relaying=self._relaying
        )
        if ending.count:
            self._note("asked", ending.count, max(0.0, ending.deadline - time.monotonic()))
        pause = _FIRST_WAIT_SECONDS
        while not ending.is_over():
            reason = self._wait(min(pause, self._counter.interval))
            if reason in (_KILLED, _CROWDED, _ORPHANED):
                break
            pause = min(pause * 1.5, _MAX_WAIT_SECONDS)
            while self._fresh:
                message = self._fresh.pop()
                ending.add(message.group, self._groups[message.group])
        return ending.count

    def _wait_for_last_output(self) -> None:
        """Let the child read, and pass on, the last output of its command."""
        end = time.monotonic() + _LAST_OUTPUT_SECONDS
        while not self._still and self._reaper.status is None and time.monotonic() < end:
            if self._wait(_MAX_WAIT_SECONDS) in (_GONE, _KILLED):
                return

    def _note(self, name: str, *details: object) -> None:
        with suppress(OSError):  # the supervisor is gone
            os.write(self._channel, encode_note(name, *details))
