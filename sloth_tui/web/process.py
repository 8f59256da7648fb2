"""The process of one session: packets to it and from it, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_PATIENCE_SECONDS = 3.0
"""Between the ways to end a process: it is asked, told by SIGTERM, killed."""
_LOOK_SECONDS = 0.02
_PIPES_SECONDS = 0.5
_KEPT_CHARACTERS = 4096
"""Of the last that a process wrote to stderr."""
_LARGEST_PACKET = 64 * 1024 * 1024
_PROGRAM = ("-P", "-m", "sloth_tui.web.session")

MIN_CELLS, MAX_CELLS = 10, 500
"""Columns and lines of a terminal."""


class SessionProcess:
    """A terminal UI that draws for a page."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = asyncio.ensure_future(self._keep_errors())
        self.complaint = ""
        """The last that it wrote to stderr."""

    @classmethod
    async def start(cls, options: list[str], columns: int, lines: int) -> Self:
        """Start a process with these options. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_PROGRAM,
            str(columns),
            str(lines),
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl+C is for the front
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def packet(self) -> tuple[bytes, bytes] | None:
        """Return the next packet: its kind and its payload; None at the end."""
        assert self._process.stdout is not None
        try:
            head = await self._process.stdout.readexactly(5)
            size = int.from_bytes(head[1:], "big")
            if size > _LARGEST_PACKET:
                return None
            return head[:1], await self._process.stdout.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def type_in(self, data: bytes) -> None:
        """Hand on what a terminal sends: keys, the mouse, pasted text."""
        await self._send(b"D", data)

    async def tell(self, kind: str, **more: int) -> None:
        await self._send(b"M", json.dumps({"type": kind, **more}).encode())

    async def _send(self, kind: bytes, payload: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(OSError):  # it ends, and its output says so
            stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
            await stdin.drain()

    async def end(self) -> int:
        """End the process, and what is left of its group; return its exit code. Its packets must be read
        on."""
        for ask in (self._quit, self._process.terminate, self.kill):
            with suppress(ProcessLookupError):
                ask()
            if await self._has_exited():
                break
        self._kill_group()
        # Others may hold its pipes open: there is nothing to wait for any more.
        await asyncio.wait([self._errors], timeout=_PIPES_SECONDS)
        self._errors.cancel()
        assert self._process.stdout is not None
        self._process.stdout.feed_eof()
        self._process._transport.close()  # type: ignore[attr-defined]
        return -signal.SIGKILL if self._process.returncode is None else self._process.returncode

    def kill(self) -> None:
        """Kill the process and its group at once."""
        if self._process.returncode is None:
            self._kill_group()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _has_exited(self) -> bool:
        """Return False if it is still there after a while. The library waits for its pipes as well, so this
        looks again and again."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._process.returncode is None:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    def _quit(self) -> None:
        assert self._process.stdin is not None
        # The end of its input ends it as well, even where it does not read it to the end.
        with suppress(OSError, RuntimeError):
            payload = b'{"type": "quit"}'
            self._process.stdin.write(b"M" + len(payload).to_bytes(4, "big") + payload)
            self._process.stdin.close()

    async def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(4096):
            self.complaint = (self.complaint + data.decode("utf-8", "replace"))[-_KEPT_CHARACTERS:]
