"""A front in this process, with a stand-in for the terminal UI behind it, and requests to the byte."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.web import process
from sloth_tui.web.addresses import Place
from sloth_tui.web.files import FILES
from sloth_tui.web.front import Front
from sloth_tui.web.guard import CHECKS
from sloth_tui.web.sessions import Sessions
from tests.support import A_MINUTE

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Sequence

    import pytest

    from sloth_tui.web.guard import Check

TOKEN = "the-token-of-this-test"
PAGE = dict.fromkeys(FILES, (b"<title>the page</title>", "text/html"))

STAND_IN = """
import os, signal
def send(kind, payload):
    os.write(1, kind + len(payload).to_bytes(4, "big") + payload)
{extra}
send(b"M", b'{{"type": "open_url", "url": "http://evil.test/", "new_tab": true}}')
send(b"M", b'{{"type": "deliver_file_start", "key": "x", "path": "/etc/passwd"}}')
send(b"M", b"no JSON")
send(b"P", b"part of a file")
send(b"D", b"THE TUI")
while data := os.read(0, 65536):
    if {quits} and b'"quit"' in data:
        break
    send(b"D", b"got " + data)
"""
"""It says who it is, tells what it gets, and asks the front for what no page may get."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Served:
    """A front that listens."""

    def __init__(self, place: Place, sessions: Sessions) -> None:
        self.place = place
        self.sessions = sessions
        self.host = f"127.0.0.1:{place.port}"
        self.origin = f"{place.scheme}://{self.host}"

    @property
    def address(self) -> str:
        return f"{self.place.url}#{TOKEN}"

    async def ask(self, request: str) -> Answer:
        """Send these bytes; return the answer, and the connection where it is open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.place.port)
        writer.write(request.encode("latin-1"))
        async with asyncio.timeout(A_MINUTE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = (await reader.readexactly(int(headers.get("Content-Length", 0)))).decode()
        status = int(first.split()[1])
        if status != 101:
            writer.close()
        return Answer(status, headers, body, reader, writer)

    async def get(self, path: str = "/", method: str = "GET", **headers: str | None) -> Answer:
        """Ask as the page does, but for these headers; None: without it."""
        return await self.ask(self.request(path, method, **headers))

    def request(self, path: str = "/", /, method: str = "GET", **headers: str | None) -> str:
        return self._written(path, method, headers)

    def _written(self, path: str, method: str, headers: dict[str, str | None]) -> str:
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])

    async def knock(
        self, path: str = "/socket", protocols: str = f"sloth, token.{TOKEN}", **headers: str | None
    ) -> Answer:
        """Ask for a websocket as the page does, but for this."""
        usual: dict[str, str | None] = {
            "Origin": self.origin,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec_WebSocket_Protocol": protocols or None,
        }
        return await self.ask(self._written(path, "GET", {**usual, **headers}))


class Socket:
    """The page's end of a websocket."""

    def __init__(self, answer: Answer) -> None:
        assert answer.status == 101, answer
        self._reader, self._writer = answer.reader, answer.writer
        self.said: list[list[object]] = []
        self.drawn = b""
        self.code: int | None = None
        """Why it was closed."""

    async def send(self, data: bytes, *, kind: int = 2) -> None:
        """Send a message: 1 text, 2 binary, 8 close."""
        size = len(data)
        head = bytes([0x80 | kind])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack("!H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack("!Q", size)
        self._writer.write(head + bytes(4) + data)  # a mask of zeros
        await self._writer.drain()

    async def say(self, *words: object) -> None:
        await self.send(json.dumps(words).encode(), kind=1)

    async def begin(self) -> None:
        await self.say("begin", 80, 24)

    async def draws(self, wanted: bytes) -> None:
        """Read until the session has drawn this."""
        async with asyncio.timeout(A_MINUTE):
            while wanted not in self.drawn:
                assert await self._next(), f"closed, {self.code}: {self.drawn!r}, {self.said}"

    async def says(self, kind: str) -> list[object]:
        """Read until the front has said something of this kind; return it."""
        async with asyncio.timeout(A_MINUTE):
            while True:
                for words in self.said:
                    if words[0] == kind:
                        self.said.remove(words)
                        return words
                assert await self._next(), f"closed, {self.code}: {self.said}"

    async def closes(self) -> int | None:
        """Read until it is closed; return the code."""
        async with asyncio.timeout(A_MINUTE):
            while await self._next():
                pass
        self.drop()
        return self.code

    def drop(self) -> None:
        """Lose the connection."""
        self._writer.transport.abort()

    async def _next(self) -> bool:
        try:
            kind, size = await self._reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            data = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        if kind & 15 == 8:
            self.code = int.from_bytes(data[:2], "big")
            with suppress(ConnectionError):
                await self.send(data[:2], kind=8)
            return False
        if kind & 15 == 1:
            self.said.append(json.loads(data))
        elif kind & 15 == 2:
            self.drawn += data
        return True


def stand_in(monkeypatch: pytest.MonkeyPatch, *, extra: str = "", quits: bool = True) -> None:
    """Have sessions run the stand-in; ``extra``: what it does first; ``quits``: it ends when asked."""
    monkeypatch.setattr(process, "_PROGRAM", ("-I", "-S", "-c", STAND_IN.format(extra=extra, quits=quits)))


@asynccontextmanager
async def serving(
    checks: Sequence[Check] = CHECKS,
    *,
    names: tuple[str, ...] = (),
    files: dict[str, tuple[bytes, str]] = PAGE,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Served]:
    """Serve on a free port, with these checks, until the block ends; every session ends with it."""
    listening = socket.create_server(("127.0.0.1", 0))
    place = Place("https" if tls else "http", "127.0.0.1", listening.getsockname()[1], names)
    sessions = Sessions([])
    server = Front(place, TOKEN, files, sessions, checks).server()
    listener = await asyncio.get_running_loop().create_server(server, sock=listening, ssl=tls)
    try:
        yield Served(place, sessions)
    finally:
        listener.close()
        await sessions.end_all()
        await server.shutdown(1)
