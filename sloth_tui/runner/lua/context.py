"""What modules know about the calling task, and the protocols by which they report to the worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import text_from_lua
from sloth_tui.runner.request import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Host, Hosts
    from sloth_tui.runner.resources.change import Change


class OutputSink(Protocol):
    """Receives the output of a task."""

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        """Pass on each line of ``data``. ``size``: its size in bytes before the caller cut it, if it did."""

    def redraw(self, stream: str, data: bytes, new: int) -> None:
        """Pass on what a line reads so far whose end has not come; ``new``: the number of its bytes that have
        just come. The next line of this stream is the same line."""

    def catch_up(self) -> None:
        """Send everything that is pending, in case the next step ends this process."""


class ChangeSink(Protocol):
    """Reports what the task has written to the store."""

    def wrote(self) -> None:
        """Note a commit, and report it unless the last report was just now."""

    def report_pending(self) -> None:
        """Report every commit that is not reported yet."""


class ResourceSink(Protocol):
    """Reports what the task has changed on hosts, and what was as wanted."""

    def resource(self, host: str, change: Change) -> None:
        """Report it, after everything that is pending."""

    def command(self, host: str, command: str, *, changed: bool, skipped: str | None) -> None:
        """Report a command, on one line; ``skipped``: the guard because of which it did not run."""


class Context:
    """The host that the running task acts on, the directory its files are in, and how it may act."""

    def __init__(
        self,
        directory: str,
        *,
        may_act: bool,
        check: bool = False,
        diff: bool = False,
        others: Hosts | None = None,
        predict: Callable[[Host], Host] | None = None,
    ) -> None:
        """``directory``: that of the task file. ``may_act``: False while the file is only listed. ``check``:
        nothing is to be changed, but predicted, by what ``predict`` makes of a host. ``diff``: differences of
        files are wanted. ``others``: the hosts besides this machine."""
        self.directory = directory
        self.delegate_to: str | None = None
        """That of the running task."""
        self.check = check
        self.diff = diff
        self.before_acting: Callable[[], None] = _nothing
        """Called before each act of a task; what it raises prevents the act."""
        self.explains: Callable[[str, Exception], bool] = _never
        """True if a call on a host failed because of something that a command was to make that was not run
        in check mode."""
        self.excuse: Callable[[str, str], bool] = _excuse_nothing
        """True if a command that failed on a host may succeed after what was predicted there."""
        self.forget_assumption: Callable[[str], None] = _ignore
        """Called before each call on a host that may fail so."""
        self._may_act = may_act
        self._others = others
        self._predict = predict
        self._hosts: dict[str, Host] = {}

    def host_name(self, delegate_to: object = None) -> str:
        """Return the name of the host of a call, by default that of the task. Raises UsageError."""
        name = self.delegate_to if delegate_to is None else text_from_lua(delegate_to, "delegate_to")
        return LOCAL[0] if name is None or name in LOCAL else name

    def host(self, delegate_to: object) -> Host:
        """Return the host of a call, by default that of the task. Raises UsageError, HostError."""
        name = self.host_name(delegate_to)
        if name not in self._hosts:
            self._hosts[name] = self._prepared(self._find(name))
        return self._hosts[name]

    def check_acting(self) -> None:
        """Raises UsageError while the file is only listed."""
        if not self._may_act:
            raise UsageError("not while the file is only listed", hint="call it inside a task's run")

    def find_source(self, path: str) -> str:
        """Resolve a relative path: beside the task file if it exists there, else in the working directory."""
        beside = os.path.join(self.directory, path)
        return beside if os.path.lexists(beside) else path

    def _find(self, name: str) -> Host:
        if name == LOCAL[0]:
            from sloth_tui.runner.hosts.local.host import LocalHost

            return LocalHost()
        if self._others is None:
            raise UsageError(
                f"delegate_to '{name}' is not this machine, and no other can be reached",
                hint="use 'local', 'localhost' or nothing",
            )
        return self._others.host(name)

    def _prepared(self, host: Host) -> Host:
        from sloth_tui.runner.hosts.fenced import FencedHost

        if self.check:
            if self._predict is None:
                raise UsageError("nothing can be predicted here")
            host = self._predict(host)
        return FencedHost(host, self._check_act)

    def _check_act(self) -> None:
        self.before_acting()


def _never(host: str, error: Exception) -> bool:
    return False


def _excuse_nothing(host: str, command: str) -> bool:
    return False


def _ignore(host: str) -> None:
    return


def _nothing() -> None:
    return
