"""S3 servers that are not what they should be: one that only refuses, and one that stands between and keeps
answers back."""

from __future__ import annotations

import http.client
import socket
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Handler(BaseHTTPRequestHandler):
    """Answers requests over connections that stay open."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body in one packet: the second would wait until the client has confirmed the first."""

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

    def refuse(self, status: int, code: str) -> None:
        """Answer with an error in S3's words."""
        self.answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def do_GET(self) -> None:
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_PUT = do_HEAD = do_DELETE = do_POST = do_GET  # noqa: N815  # names of the library

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def served(handler: type[Handler]) -> Iterator[str]:
    """Give the URL of a server that answers so."""
    server = _Server(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusing(status: int, code: str, *, only: tuple[str, ...] = ()) -> type[Handler]:
    """A server that refuses every request, or those with these methods, and finds nothing for the others."""

    class Refusing(Handler):
        def handle_one(self, data: bytes) -> None:
            if only and self.command not in only:
                if "list-type" in self.path:
                    self.answer(200, b"<ListBucketResult></ListBucketResult>")
                else:
                    self.refuse(404, "NoSuchKey")
            else:
                self.refuse(status, code)

    return Refusing


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

    class Passing(Handler):
        def handle_one(self, data: bytes) -> None:
            path = urlsplit(self.path).path
            decides.requests.append((self.command, path))
            if decides.loses_request(self.command, path):
                self._hang_up()
                return
            status = decides.answers(self.command, path)
            if status:
                self.refuse(status, "Refused")
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
