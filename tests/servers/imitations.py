"""Servers that are not what they should be: one that keeps objects its own way, one that only refuses, and
one that stands between and keeps answers back."""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self, data: bytes) -> None:
        raise NotImplementedError

    def answer(self, status: int, data: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self) -> None:
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_PUT = do_HEAD = do_DELETE = do_POST = do_GET  # noqa: N815  # names of the library

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def served(handler: type[_Handler]) -> Iterator[str]:
    """Give the URL of a server that answers so."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusing(status: int, code: str, *, only: tuple[str, ...] = ()) -> type[_Handler]:
    """A server that refuses every request, or those with these methods, and finds nothing for the others."""

    class Refusing(_Handler):
        def handle_one(self, data: bytes) -> None:
            if only and self.command not in only:
                listing = b"<ListBucketResult></ListBucketResult>"
                is_list = "list-type" in self.path
                self.answer(
                    200 if is_list else 404, listing if is_list else b"<Error><Code>NoSuchKey</Code></Error>"
                )
            else:
                self.answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    return Refusing


def keeping(*, conditions: bool, quotes: bool) -> type[_Handler]:
    """A server that keeps objects; with or without the conditions of requests, with ETags as it gives them
    (quoted) or, in conditions of writes, bare."""

    class Keeping(_Keeping):
        objects: ClassVar[dict[str, bytes]] = {}

        def may_put(self, there: bytes | None) -> bool:
            if not conditions:
                return True
            if self.headers.get("If-None-Match") == "*":
                return there is None
            wanted = self.headers.get("If-Match")
            if wanted is None:
                return True
            return there is not None and wanted == (_etag(there) if quotes else _etag(there).strip('"'))

    return Keeping


def _etag(data: bytes) -> str:
    return f'"{md5(data, usedforsecurity=False).hexdigest()}"'


class _Keeping(_Handler):
    objects: ClassVar[dict[str, bytes]]
    one_at_a_time = Lock()

    def may_put(self, there: bytes | None) -> bool:
        raise NotImplementedError

    def handle_one(self, data: bytes) -> None:
        with self.one_at_a_time:
            there = self.objects.get(self.path)
            if self.command == "PUT":
                self._put(data, there)
            elif self.command == "POST":  # only deletes
                (key,) = re.findall(rb"<Key>(.*?)</Key>", data)
                self.objects.pop(f"{self.path.partition('?')[0]}/{key.decode()}", None)
                self.answer(200, b"<DeleteResult><Deleted><Key>%s</Key></Deleted></DeleteResult>" % key)
            elif "list-type" in self.path:
                self.answer(200, b"<ListBucketResult></ListBucketResult>")
            else:
                self._get(there)

    def _put(self, data: bytes, there: bytes | None) -> None:
        if not self.may_put(there):
            self.answer(412)
            return
        self.objects[self.path] = data
        self.answer(200, ETag=_etag(data))

    def _get(self, there: bytes | None) -> None:
        if there is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif self.headers.get("If-None-Match") == _etag(there):
            self.answer(304, ETag=_etag(there))
        else:
            modified, length = "Sat, 28 Nov 2026 00:00:00 GMT", str(len(there))
            self.answer(200, there, ETag=_etag(there), Last_Modified=modified, Content_Length=length)


class Between:
    """Decides what becomes of a request on its way to a server, and of its answer."""

    def __init__(self) -> None:
        self.loses_answer: Callable[[str, str], bool] = lambda method, path: False
        """True: the request is passed on, and then the connection is closed without an answer."""
        self.loses_request: Callable[[str, str], bool] = lambda method, path: False
        """True: the connection is closed instead."""
        self.answers: Callable[[str, str], int] = lambda method, path: 0
        """A status to answer with instead; 0: pass it on."""
        self.before: Callable[[str, str], object] = lambda method, path: None
        """Called before a request is passed on."""
        self.after: Callable[[str, str], object] = lambda method, path: None
        """Called after a request was passed on, before it is answered."""
        self.requests: list[tuple[str, str]] = []
        """Method and path of all requests."""


@contextmanager
def between(target: str) -> Iterator[tuple[str, Between]]:
    """Give the URL of a server that passes requests on to ``target``, and what decides about them."""
    decides, place = Between(), urlsplit(target)

    class Passing(_Handler):
        def handle_one(self, data: bytes) -> None:
            path = urlsplit(self.path).path
            decides.requests.append((self.command, path))
            if decides.loses_request(self.command, path):
                self._hang_up()
                return
            status = decides.answers(self.command, path)
            if status:
                self.answer(status, b"<Error><Code>Refused</Code></Error>")
                return
            decides.before(self.command, path)
            assert place.hostname is not None
            connection = http.client.HTTPConnection(place.hostname, place.port)
            try:
                connection.request(self.command, self.path, data, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            decides.after(self.command, path)
            if decides.loses_answer(self.command, path):
                self._hang_up()
                return
            headers = {
                name.replace("-", "_"): value
                for name, value in answer.getheaders()
                if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding")
            }
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.answer(answer.status, content, Content_Length=length or str(len(content)), **headers)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    with served(Passing) as url:
        yield url, decides
