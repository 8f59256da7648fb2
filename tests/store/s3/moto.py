"""An S3 server on loopback: moto, in a process of its own, one for all tests of a process that runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path

from sloth_tui.runner.processes import read_process
from tests.support import wait_until

BUCKET = "sloth"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "of sloth"}
_SCOPE = "Credential=tests/20260101/us-east-1/s3/aws4_request"
_ATTEMPTS = 5
_numbers = count(1)


class Moto:
    """A running server with one bucket."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryDirectory(prefix="moto-")
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            self.pid = self._start()
            # Somebody may have taken the port meanwhile.
            wait_until(lambda: self._answers() or read_process(self.pid) is None, what="moto answers")
            if self._answers():
                break
        else:
            raise AssertionError(Path(self._log.name, "log").read_text())
        self.request("PUT", f"/{BUCKET}")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fresh(self, endpoint: str = "") -> str:
        """The address of a place without anything; ``endpoint``: by way of another server."""
        return f"s3://{BUCKET}/{os.getpid()}-{next(_numbers)}?endpoint={endpoint or self.endpoint}"

    def request(self, method: str, path: str, data: bytes | None = None) -> bytes:
        """Send a request past the store, as another program would."""
        asked = urllib.request.Request(f"{self.endpoint}{path}", data=data, method=method)
        asked.add_header("Content-Type", "application/octet-stream")
        asked.add_header("Authorization", f"AWS4-HMAC-SHA256 {_SCOPE}")
        with urllib.request.urlopen(asked) as answer:
            content: bytes = answer.read()
        return content

    def end(self) -> None:
        if read_process(self.pid) is not None:
            os.kill(self.pid, signal.SIGKILL)
            wait_until(lambda: read_process(self.pid) is None, what="moto is gone")
        self._log.cleanup()

    def _start(self) -> int:
        command = [
            sys.executable,
            "-c",
            "from moto.server import main; main()",
            "-H",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        text = f'"$@" </dev/null >>"{self._log.name}/log" 2>&1 & echo $!'
        # No child of the tests: some of them look whether they have children left.
        return int(subprocess.check_output(["setsid", "sh", "-c", text, "sh", *command]))

    def _answers(self) -> bool:
        try:
            json.loads(urllib.request.urlopen(f"{self.endpoint}/moto-api/data.json").read())
        except (OSError, ValueError):
            return False
        return True


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


_shared: list[Moto] = []


def shared() -> Moto:
    """Return the server of this process; it is started when it is first needed."""
    if not _shared:
        _shared.append(Moto())
    return _shared[0]


def end_shared() -> None:
    while _shared:
        _shared.pop().end()
