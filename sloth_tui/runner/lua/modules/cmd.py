"""The Python side of Lua's ``cmd``."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import host_function, text_from_lua
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.lua.context import Context, OutputSink

LARGEST_RESULT = 16 * 1024 * 1024
"""Bytes of stdout, and of stderr, in the result of a command."""
LARGEST_PARTIAL = 64 * 1024
"""Bytes without a line feed that are passed on as a line."""


class CmdModule:
    """Runs commands on this machine."""

    def __init__(
        self, context: Context, output: OutputSink, has_room: Callable[[int], bool], grace: float
    ) -> None:
        """``has_room``: True if Lua has memory for that many more bytes. ``grace``: default seconds."""
        self._grace = grace
        self._context = context
        self._output = output
        self._has_room = has_room

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that cmd.lua calls, by name."""
        return {"run": host_function(self._run)}

    def _run(
        self,
        command: object,
        delegate_to: object,
        cwd: object,
        stdin: object,
        timeout: object,
        grace: object,
        *env: object,
    ) -> object:
        """``env``: names and values alternate. Returns exit code, stdout, stderr, and the number of bytes
        that were cut; or nil and the timeout as text."""
        from sloth_tui.runner.hosts.command import Command, run_command

        self._context.check_acting()
        self._context.check_target(delegate_to)
        text = cast("bytes", command)
        if b"\0" in text:
            raise UsageError("command must not contain NUL")
        directory = None if cwd is None else _directory(text_from_lua(cwd, "cwd"))
        self._output.catch_up()
        captured = _CapturedOutput(self._output)
        try:
            code = run_command(
                Command(
                    text,
                    directory,
                    _environment([cast("bytes", each) for each in env]),
                    cast("bytes | None", stdin),
                    cast("float | None", timeout),
                    cast("float | None", grace),
                ),
                self._grace,
                captured.receive,
            )
        except OSError as error:
            raise UsageError(f"cannot start: {_obstacle(error)}") from error
        finally:
            captured.finish()
        if code is None:
            return True, None, format_duration(cast("float", timeout)).encode()
        out, err = bytes(captured.kept["stdout"]), bytes(captured.kept["stderr"])
        if not self._has_room(len(out) + len(err)):
            raise MemoryError
        return True, code, out, err, captured.cut


def _obstacle(error: OSError) -> str:
    from sloth_tui import shortage

    if error.errno == errno.EAGAIN:  # of fork(2)
        return shortage.too_many_processes()
    return shortage.describe_shortage(error) or error.strerror or str(error)


class _CapturedOutput:
    """Passes on whole lines as they come, and keeps stdout and stderr for the result."""

    def __init__(self, output: OutputSink) -> None:
        self._output = output
        self._partial = {"stdout": b"", "stderr": b""}
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.cut = 0

    def receive(self, stream: str, data: bytes) -> None:
        kept = self.kept[stream]
        room = LARGEST_RESULT - len(kept)
        kept += data[:room]
        self.cut += max(0, len(data) - room)
        lines, line_feed, rest = data.rpartition(b"\n")
        if line_feed:
            self._output.write(stream, self._partial[stream] + lines)
            self._partial[stream] = rest
        else:
            self._partial[stream] += rest
        if len(self._partial[stream]) > LARGEST_PARTIAL:
            self._flush(stream)

    def finish(self) -> None:
        for stream in self._partial:
            self._flush(stream)

    def _flush(self, stream: str) -> None:
        if self._partial[stream]:
            self._output.write(stream, self._partial[stream])
            self._partial[stream] = b""


def _directory(path: str) -> str:
    if not os.path.isdir(path):
        raise UsageError(f"cwd '{path}' is not a directory")
    return path


def _environment(fields: list[bytes]) -> dict[str, str]:
    names, values = fields[::2], fields[1::2]
    for name, value in zip(names, values, strict=True):
        if not name or b"=" in name or b"\0" in name + value:
            raise UsageError(f"env: '{os.fsdecode(name)}' cannot be set")
    return {os.fsdecode(name): os.fsdecode(value) for name, value in zip(names, values, strict=True)}
