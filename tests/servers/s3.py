"""S3 servers of the tests: one that honours conditions, and one that ignores all of them."""

from __future__ import annotations

import importlib.util
import sys
import threading
from contextlib import ExitStack
from hashlib import md5
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.background import Background, free_ports
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

BUCKET = "sloth"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret"}
"""The environment of clients; all servers of the tests take it."""
_ATTEMPTS = 5
_A_MOMENT = 5.0

needs_moto = pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="needs the package moto")


class Moto:
    """The S3 server of moto, which honours conditions: a context manager. It keeps its objects in memory."""

    def __init__(self, directory: Path) -> None:
        """``directory``: for what the server prints."""
        self._log = directory / "moto.log"
        self.process: Background | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with ExitStack() as failed:
            failed.callback(self.stop)
            for _ in range(_ATTEMPTS):
                (self.port,) = free_ports(1)
                self.start()
                if self._runs():
                    failed.pop_all()
                    return self
        raise AssertionError(f"it ended {_ATTEMPTS} times: {self._log.read_text()}")

    def start(self) -> None:
        """Start it on its port, with an empty bucket; return when it answers, or has ended."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = Background(command, self._log)
        wait_until(lambda: not self._runs() or self._has_bucket(), what="moto's server answers")

    def _has_bucket(self) -> bool:
        return answers(self.port, "PUT", f"/{BUCKET}") == 200

    def _runs(self) -> bool:
        return self.process is not None and self.process.runs()

    def stop(self) -> None:
        """End it. What it kept is lost; :meth:`start` starts it again."""
        if self.process is not None:
            self.process.end()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def client(endpoint: str) -> Any:
    """A client of boto3, for what tests ask a server themselves."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def answers(port: int, method: str = "GET", path: str = "/") -> int:
    """Ask as nobody and return the status; 0 if there is no answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_A_MOMENT)
    try:
        connection.request(method, path, headers={"Content-Length": "0"})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


class Careless:
    """A server of objects that ignores conditions and signatures, as some do that call themselves S3."""

    def __init__(self) -> None:
        self._server = _ObjectServer(("127.0.0.1", 0), _CarelessAnswers)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ObjectServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.objects: dict[str, bytes] = {}


class _CarelessAnswers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _ObjectServer

    def log_message(self, *_: object) -> None:
        """Nothing: tests print nothing."""

    @property
    def _name(self) -> str:
        return self.path.partition("?")[0]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.objects[self._name] = body
        self._answer(200, b"", body)

    def do_GET(self) -> None:
        body = self.server.objects.get(self._name)
        self._answer(404 if body is None else 200, body or b"", body)

    do_HEAD = do_GET  # noqa: N815

    def do_DELETE(self) -> None:
        self.server.objects.pop(self._name, None)
        self._answer(204, b"", None)

    def _answer(self, status: int, body: bytes, stored: bytes | None) -> None:
        self.send_response(status)
        if stored is not None:
            self.send_header("ETag", f'"{md5(stored).hexdigest()}"')
            self.send_header("Last-Modified", self.date_time_string())
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
