"""The Python side of Lua's ``cmd``, and of the resources that are made of commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import UsageError
from sloth_tui.runner.lua.convert import host_function, text_from_lua
from sloth_tui.runner.lua.modules.fields import Fields
from sloth_tui.text import format_duration, last_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Command
    from sloth_tui.runner.lua.context import Context, OutputSink, ResourceSink

LARGEST_RESULT = 16 * 1024 * 1024
"""Bytes of stdout, and of stderr, in the result of a command."""
LARGEST_PARTIAL = 64 * 1024
"""Bytes without a line feed that are passed on as a line."""


class CmdModule:
    """Runs commands on hosts."""

    def __init__(
        self,
        context: Context,
        output: OutputSink,
        sink: ResourceSink,
        has_room: Callable[[int], bool],
        grace: float,
    ) -> None:
        """``has_room``: True if Lua has memory for that many more bytes. ``grace``: default seconds."""
        self._grace = grace
        self._context = context
        self._output = output
        self._sink = sink
        self._has_room = has_room

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that cmd.lua calls, by name."""
        return {
            "run": host_function(self._run),
            "report": host_function(self._report),
            "excuse": self._excuse,
        }

    def resource_functions(self) -> dict[str, Callable[..., object]]:
        """Return the host functions that system.lua calls, by name."""
        return {
            "run": host_function(self._run),
            "host_name": host_function(self._host_name),
            "report_resource": host_function(self._report_resource),
        }

    def _run(self, *pairs: object) -> object:
        """Return exit code, stdout, stderr, the number of bytes that were cut, the guard that kept it from
        running, and whether it was only predicted; or nil and the timeout as text."""
        self._context.check_acting()
        fields = Fields(pairs)
        host = self._context.host(fields.get("delegate_to"))
        command = _command(fields)
        quiet = fields.flag("quiet")
        if quiet:  # the look of a resource
            self._context.forget_assumption(host.name)
        self._output.catch_up()
        captured = _CapturedOutput(None if quiet else self._output)
        try:
            end = host.run(command, self._grace, captured.receive)
        finally:
            captured.finish()
        if end.code is None:
            return True, None, format_duration(command.timeout or 0.0).encode()
        out, err = bytes(captured.kept["stdout"]), bytes(captured.kept["stderr"])
        if not self._has_room(len(out) + len(err)):
            raise MemoryError
        skipped = None if end.skipped is None else end.skipped.encode("utf-8", "backslashreplace")
        predicted = self._context.check and not command.reads
        return True, end.code, out, err, captured.cut, skipped, predicted

    def _excuse(self, delegate_to: object, shown: object) -> bool:
        """Return True if a command that failed may succeed after what was predicted."""
        name = self._context.host_name(delegate_to)
        return self._context.excuse(name, cast("bytes", shown).decode("utf-8", "backslashreplace"))

    def _report(self, delegate_to: object, shown: object, changed: object, skipped: object) -> object:
        self._sink.command(
            self._context.host_name(delegate_to),
            _shown(shown),
            changed=bool(changed),
            skipped=None if skipped is None else cast("bytes", skipped).decode(),
        )
        return (True,)

    def _host_name(self, delegate_to: object) -> object:
        return True, self._context.host_name(delegate_to).encode()

    def _report_resource(self, delegate_to: object, kind: object, name: object, *what: object) -> object:
        from sloth_tui.runner.resources.change import Change

        told, words = text_from_lua(name, "name"), [_shown(each) for each in what]
        change = Change(_shown(kind), told, words, told)
        self._sink.resource(self._context.host_name(delegate_to), change)
        return (True,)


class _CapturedOutput:
    """Keeps stdout and stderr for the result, and passes on lines as they come, unless ``output`` is None."""

    def __init__(self, output: OutputSink | None) -> None:
        self._output = output
        self._partial = {"stdout": b"", "stderr": b""}
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.cut = 0

    def receive(self, stream: str, data: bytes) -> None:
        kept = self.kept[stream]
        room = LARGEST_RESULT - len(kept)
        kept += data[:room]
        self.cut += max(0, len(data) - room)
        if self._output is None:
            return
        lines, line_feed, rest = data.rpartition(b"\n")
        if line_feed:
            self._output.write(stream, self._partial[stream] + lines)
            self._partial[stream] = rest
        else:
            self._partial[stream] += rest
        if len(self._partial[stream]) > LARGEST_PARTIAL:
            self._partial[stream] = last_state(self._partial[stream])
        if len(self._partial[stream]) > LARGEST_PARTIAL:
            self._flush(stream)
        elif rest:
            self._output.redraw(stream, self._partial[stream], len(rest))

    def finish(self) -> None:
        for stream in self._partial:
            self._flush(stream)

    def _flush(self, stream: str) -> None:
        if self._output is not None and self._partial[stream]:
            self._output.write(stream, self._partial[stream])
            self._partial[stream] = b""


def _command(fields: Fields) -> Command:
    """Return the command. Raises UsageError for what no program can be given."""
    from sloth_tui.runner.hosts.host import Command

    for name in ("command", "cwd", "unless", "onlyif", "creates", "removes"):
        if any(b"\0" in text for text in fields.all(name)):
            raise UsageError(f"{name} must not contain NUL")
    return Command(
        fields.data("command") or b"",
        fields.text("cwd"),
        _environment(fields.all("name"), fields.all("value")),
        fields.data("stdin"),
        fields.number("timeout"),
        fields.number("grace"),
        tuple(map(os.fsdecode, fields.all("creates"))),
        tuple(map(os.fsdecode, fields.all("removes"))),
        fields.data("unless"),
        fields.data("onlyif"),
        fields.flag("reads"),
    )


def _shown(data: object) -> str:
    return cast("bytes", data).decode("utf-8", "backslashreplace")


def _environment(names: list[bytes], values: list[bytes]) -> dict[str, str]:
    for name, value in zip(names, values, strict=True):
        if not name or b"=" in name or b"\0" in name + value:
            raise UsageError(f"env: '{os.fsdecode(name)}' cannot be set")
    return {os.fsdecode(name): os.fsdecode(value) for name, value in zip(names, values, strict=True)}
