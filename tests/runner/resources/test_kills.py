"""A run that is killed while it replaces a file leaves the old one or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 3_000_000
WRITER = f"""
import os, sys
from sloth_tui.runner.hosts.contents import Bytes
from sloth_tui.runner.hosts.host import Attributes
from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.resources.files import write_file

host = LocalHost()
contents = [Bytes(letter * {SIZE}) for letter in (b"a", b"b")]
print("ready", flush=True)
for number in range(1_000_000):
    write_file(host, sys.argv[1], contents[number % 2], Attributes(mode=0o600))
    if number == 1:
        print("writes", flush=True)
"""


@pytest.mark.slow
def test_there_is_never_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for number in range(rounds(5, 60)):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            assert writer.stdout.readline() == b"writes\n"
            # Read while it is replaced, and end it at some moment.
            for _ in range(3 + number):
                assert_whole(path)
            os.kill(writer.pid, signal.SIGKILL)
        assert_whole(path)


def assert_whole(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) == SIZE
    assert content == content[:1] * SIZE
    assert path.stat().st_mode & 0o777 == 0o600
