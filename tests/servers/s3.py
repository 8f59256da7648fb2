"""The S3 server of the tests, and what tests ask any S3 server themselves, past the code under test."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import ExitStack
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from obstore.store import S3Store

from tests.servers.background import Background, free_ports
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

BUCKET = "sloth"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-%-secret"}
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


class Bucket:
    """The bucket of a server, as another program sees it: paths are those of objects."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def fresh(self, endpoint: str = "") -> str:
        """Return the address of a place without anything; ``endpoint``: by way of another server."""
        return f"s3://{BUCKET}/{uuid4().hex}?endpoint={endpoint or self.endpoint}"

    def put(self, path: str, content: bytes) -> None:
        self._client.put(path, content, use_multipart=False)

    def get(self, path: str) -> bytes:
        return bytes(self._client.get(path).bytes())

    def paths(self, prefix: str) -> list[str]:
        """Return the paths of all objects under a path, in order."""
        return sorted(found["path"] for page in self._client.list(prefix) for found in page)

    @cached_property
    def _client(self) -> S3Store:
        return objects(self.endpoint)


def path_in(address: str, *parts: str) -> str:
    """Return the path of an object of the store at an address."""
    return "/".join((urlsplit(address).path.strip("/"), *parts))


def objects(endpoint: str, **instead: str) -> S3Store:
    """Return a client of the bucket of a server; ``instead``: other credentials, by their names in lower
    case."""
    credentials = {name.lower(): value for name, value in CREDENTIALS.items()}
    # Releases of the library differ in how they call the type of this.
    config = cast("Any", {"endpoint": endpoint, "region": "us-east-1", **credentials, **instead})
    return S3Store(
        BUCKET,
        config=config,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
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
