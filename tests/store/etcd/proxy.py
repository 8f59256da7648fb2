"""A proxy before a server, which loses requests and answers: those that a test points out."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import threading
import time
from base64 import b64decode
from typing import TYPE_CHECKING

from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from tests.servers.etcd import Etcd

_REMEMBERED = 65_536
_CODED = re.compile(rb'"(?:key|value|range_end)": ?"([A-Za-z0-9+/=]+)"')
"""Where the JSON of the gateway has bytes."""


class Proxy:
    """Listens on ``port``, from one to the other end of a ``with`` block."""

    def __init__(self, etcd: Etcd) -> None:
        self._etcd = etcd
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._wanted: Callable[[bytes], bool] | None = None
        self._deliver = False
        self._answer = b""
        self.cuts = 0
        """How often a connection was cut."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def lose(self, *parts: bytes, deliver: bool, times: int = 1, answer: bytes = b"") -> None:
        """Cut the connection at the next request that has all of these parts, each so often: after the server
        has done it and before its answer is passed on, or, without ``deliver``, before the server hears of
        it; ``answer`` is sent first. Of a request to the gateway, parts are looked for among the bytes that
        it stands for."""
        self._deliver, self._answer = deliver, answer
        self._wanted = lambda data: all(_plain(data).count(part) >= times for part in parts)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._etcd.members[0].port))
        seen = b""
        with client, server, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if not data:
                        return
                    if key.fileobj is server:
                        client.sendall(data)
                        seen = b""
                        continue
                    seen = (seen + data)[-_REMEMBERED:]
                    if self._wanted is not None and self._wanted(seen):
                        self._wanted = None
                        if self._deliver:
                            self._have_done(client, server, data)
                        client.sendall(self._answer)
                        self.cuts += 1
                        return
                    server.sendall(data)

    def _have_done(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        """Pass on this and the rest of the request, and wait until the server has done it."""
        before, end = self._etcd.gateway.revision(), time.monotonic() + A_MINUTE
        client.settimeout(0.01)
        while time.monotonic() < end:
            server.sendall(data)
            if self._etcd.gateway.revision() > before:
                return
            data = b""
            with contextlib.suppress(TimeoutError):
                data = client.recv(65_536)


def _plain(data: bytes) -> bytes:
    if b"POST /v3/" not in data:
        return data
    return b" ".join(b64decode(found) for found in _CODED.findall(data))
