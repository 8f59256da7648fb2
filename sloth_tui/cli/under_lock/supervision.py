"""Watch over a command under a lock: renew the lease, pass signals on, follow job control."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager

from sloth_tui.cli.under_lock.terminal import Terminal, is_alone
from sloth_tui.cli.under_lock.watchdog import LOOK_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.cli.under_lock.command import Command
    from sloth_tui.cli.under_lock.lease import Lease
    from sloth_tui.cli.under_lock.watchdog import Watchdog

_PASSED_ON = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGWINCH, signal.SIGTSTP),
)
_WANTS_TERMINAL = (signal.SIGTTIN, signal.SIGTTOU)
_JOB_CONTROL = (signal.SIGTSTP, *_WANTS_TERMINAL)


class Supervision:
    """Waits for the end of a command. Handlers of signals need the main thread."""

    def __init__(self, command: Command, lease: Lease, watchdog: Watchdog, grace: float) -> None:
        self._command = command
        self._lease = lease
        self._watchdog = watchdog
        self._grace = grace
        self._terminal: Terminal | None = None
        self._resumed = False

    def run(self, begin: Callable[[], tuple[int, str] | None]) -> tuple[int, str] | None:
        """Begin the command and wait until it has ended; return why it could not begin, if so. Raises
        LockLost; the command is then ended, and its group with it."""
        self._terminal = Terminal.controlling()
        with self._signals() as woken:
            try:
                self._watchdog.tell(self._lease.held_until())
                if self._lease.is_far:
                    self._watchdog.beat(self._lease.held_until)
                if self._terminal is not None and is_alone(self._command.group, self._watchdog.pid):
                    self._terminal.lend(self._command.group)
                failure = begin()
                while self._command.status is None:
                    self._turn(woken)
            except BaseException:
                self._watchdog.pause()
                self._command.end(self._grace)
                raise
            finally:
                if self._terminal is not None:
                    self._terminal.take_back(self._command.group)
                    self._terminal.close()
        return failure

    def _turn(self, woken: int) -> None:
        self._lease.keep()
        self._watchdog.restart_if_gone()
        self._watchdog.tell(self._lease.held_until())
        if self._resumed:
            self._go_on()
        stopped = self._command.poll()
        if stopped is not None:
            self._follow(stopped)
        elif self._command.status is None:
            poll = select.poll()
            poll.register(woken, select.POLLIN)
            poll.poll(LOOK_MS)
            while _drained(woken):
                pass

    def _follow(self, stopped: int) -> None:
        """Do what job control wants of a command that was stopped. Somebody may stop it for a purpose of his
        own, or without a terminal: then the lock stays, for the command goes on some day."""
        if self._terminal is None or stopped not in _JOB_CONTROL:
            return
        if stopped in _WANTS_TERMINAL and self._terminal.lend(self._command.group):
            self._command.signal(signal.SIGCONT)
            return
        self._watchdog.pause()
        self._terminal.take_back(self._command.group)
        # By its default the kernel stops the group only if a shell is there that can continue it.
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._resumed = True

    def _go_on(self) -> None:
        """Continue the command with this process, which holds the lock still."""
        self._resumed = False
        if self._terminal is not None:
            self._terminal.lend(self._command.group)
        self._command.signal(signal.SIGCONT)

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Pass signals on to the command as long as it runs; yield a descriptor that is readable after
        each."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        before: dict[int, object] = {}

        def handle(number: signal.Signals, handler: object) -> None:
            before[number] = signal.signal(number, handler)  # type: ignore[arg-type]

        for number in _PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup(1), and what a shell has in background
                handle(number, lambda found, _: self._command.signal(found))
        handle(signal.SIGCHLD, lambda *_: None)
        handle(signal.SIGCONT, self._note_resumption)
        for number in _WANTS_TERMINAL:
            handle(number, signal.SIG_IGN)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(-1)
            for changed, handler in before.items():
                signal.signal(changed, handler)  # type: ignore[arg-type]
            os.close(reader)
            os.close(writer)

    def _note_resumption(self, *_: object) -> None:
        self._resumed = True


def _drained(descriptor: int) -> bool:
    try:
        return bool(os.read(descriptor, 512))
    except BlockingIOError:
        return False
