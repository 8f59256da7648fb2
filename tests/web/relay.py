"""A way between browser and front that can be cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Relay:
    """Passes connections on to a port of loopback. ``cut`` loses them all, and others until ``mend``."""

    def __init__(self) -> None:
        self.port = 0
        self._target = 0
        self._whole = True
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def lead_to(self, port: int) -> None:
        self._target = port

    def cut(self) -> None:
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self._server.close()
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, back}
        self._open |= ends
        with suppress(ConnectionError):
            await asyncio.gather(_pass(reader, back), _pass(there, writer), return_exceptions=True)
        self._open -= ends


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    target.close()
