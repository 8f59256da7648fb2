"""Requests of HTTP/1.1 on one connection, as far as etcd's gateway needs them.

``http.client`` does this too, but loads the packages ``email`` and ``ssl`` for it: twice the time that a
whole ``state get`` on a file takes."""

from __future__ import annotations

import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import BinaryIO

_MAX_LINE = 65_536
_NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class NotHttp(Exception):
    """The peer answered, but not as a web server does."""


class Connection:
    """A connection to a server, kept open between requests. Methods raise OSError."""

    __slots__ = ("_file", "_host", "_socket")

    def __init__(self, host: str, port: int, seconds: float, context: ssl.SSLContext | None) -> None:
        """Connect within so many seconds; with TLS if there is a context."""
        plain = socket.create_connection((host, port), seconds)
        try:
            plain.setsockopt(*_NO_DELAY)
            self._socket = plain if context is None else context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        self._host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._file: BinaryIO = self._socket.makefile("rb")

    def post(self, path: str, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, bytes]:
        """Send a request and return the status and the body of its answer; each wait takes at most so many
        seconds. Raises NotHttp."""
        self._socket.settimeout(seconds)
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join((*lines, "", "")).encode() + body)
        version, _, rest = self._line().partition(b" ")
        status = rest[:3]
        if not version.startswith(b"HTTP/1.") or not status.isdigit():
            raise NotHttp
        length, chunked = None, False
        while line := self._line():
            name, _, value = line.partition(b":")
            match name.strip().lower(), value.strip().lower():
                case b"content-length", number if number.isdigit():
                    length = int(number)
                case b"transfer-encoding", b"chunked":
                    chunked = True
        return int(status), self._chunks() if chunked else self._read(length or 0)

    def stop(self) -> None:
        """Wake the thread that waits for an answer; safe from any thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionError("the server closed the connection") if not line else NotHttp
        return line.rstrip(b"\r\n")

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the server closed the connection")
        return data

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            try:
                size = int(self._line().partition(b";")[0], 16)
            except ValueError:
                raise NotHttp from None
            if not size:
                while self._line():
                    pass
                return b"".join(parts)
            parts.append(self._read(size))
            self._line()
