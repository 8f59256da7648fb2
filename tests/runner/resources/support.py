"""The modules that task code calls, in this process: on this machine, or on a host of the test's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.lua.context import Context
from sloth_tui.runner.lua.environment import Environment
from sloth_tui.runner.lua.modules.locks import RunLocks
from sloth_tui.runner.lua.modules.state import StateModule
from sloth_tui.runner.lua.modules.tracking import Tracking
from sloth_tui.runner.lua.registry import Registry
from sloth_tui.runner.lua.sandbox import Sandbox
from sloth_tui.runner.worker.local_files import LocalFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.resources.change import Change
    from sloth_tui.store.port import Store


class Sink:
    """Keeps what modules report."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.changes: list[Change] = []
        self.commands: list[tuple[str, bool, str | None]] = []

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        self.lines += data.decode("utf-8", "backslashreplace").split("\n")

    def redraw(self, stream: str, data: bytes, new: int) -> None:
        return

    def catch_up(self) -> None:
        return

    def wrote(self) -> None:
        return

    def report_pending(self) -> None:
        return

    def resource(self, host: str, change: Change) -> None:
        self.changes.append(change)

    def command(self, host: str, command: str, *, changed: bool, skipped: str | None) -> None:
        self.commands.append((command, changed, skipped))


class One(NamedTuple):
    """Has one host, by any name."""

    it: Host

    def host(self, name: str) -> Host:
        return self.it


class Modules:
    """Runs task code. Raises AssertionError with its message if it fails."""

    def __init__(
        self,
        directory: Path,
        *,
        check: bool = False,
        diff: bool = False,
        others: Host | None = None,
        predict: Callable[[Host], Host] | None = None,
    ) -> None:
        self.sink = Sink()
        self.context = Context(
            str(directory),
            may_act=True,
            check=check,
            diff=diff,
            others=None if others is None else One(others),
            predict=predict,
        )
        self._sandbox = Sandbox({}, 256 * 1024 * 1024)
        tracking = Tracking(self.context, LocalFiles(self.context, None))
        locks = RunLocks(lambda *_: None)
        state = StateModule(_no_store, self.sink, self._sandbox.has_room, locks, tracking)
        Environment(self._sandbox, self.context, self.sink, self.sink, Registry(), state, "id", {}, 1.0)

    def run(self, code: str) -> list[str]:
        """Return what the code prints."""
        self.sink.lines.clear()
        outcome = self._sandbox.load(code.encode("utf-8", "surrogateescape"), "tasks.lua")
        assert outcome.error is None, outcome.error
        return list(self.sink.lines)

    def error(self, code: str) -> str:
        """Return why the code fails, without its position."""
        outcome = self._sandbox.load(code.encode(), "tasks.lua")
        assert outcome.error is not None, "it did not fail"
        return outcome.error.partition(": ")[2]

    @property
    def what(self) -> list[str]:
        """What the last call changed."""
        return self.sink.changes[-1].what


def _no_store() -> Store:
    raise AssertionError("no store is needed here")


def lua(text: str | bytes) -> str:
    """Return a string of Lua with this content."""
    data = text.encode() if isinstance(text, str) else text
    return '"' + "".join(f"\\{byte:03}" for byte in data) + '"'


def trace_of(path: Path) -> tuple[int, int, int]:
    """Return what moves when a file is touched: inode, and times of modification and change."""
    status = os.lstat(path)
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


__all__ = ["LocalHost", "Modules", "Sink", "lua", "trace_of"]
