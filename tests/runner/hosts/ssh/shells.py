"""Tests that are to pass in every shell that may be /bin/sh: they run in all of them at the same time."""

from __future__ import annotations

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts.ssh.remote_shell import RemoteShell, ShellSetup
from sloth_tui.runner.hosts.ssh.requests import quote
from tests.ssh import marked
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

SHELLS = ["dash", "bash --posix", "busybox sh"]
"""The shells that /bin/sh is on common systems."""
MARK = "SLOTH_RUNNER_SHELL"


class Trial:
    """What a test has of its own in one of the shells."""

    def __init__(self, shell: str, directory: Path) -> None:
        self.shell = shell
        self.number = SHELLS.index(shell)
        self.directory = directory
        self.nonce = os.urandom(12).hex()
        self._started: list[RemoteShell] = []
        directory.mkdir()

    def resident(self, arguments: list[str] | None = None, **options: object) -> RemoteShell:
        """Start a resident shell; it is closed whatever becomes of the test."""
        remote = RemoteShell(arguments or [*self.shell.split(), "-s"], setup(self.nonce, **options))
        self._started.append(remote)
        return remote

    def run(self, test: Callable[[Trial], None]) -> None:
        """Run a test; nothing of it may be left. Errors name the shell."""
        try:
            try:
                test(self)
            finally:
                for remote in self._started:
                    remote.close()
            wait_until(lambda: not marked(f"{MARK}={self.nonce}"), what="processes are left")
            wait_until(lambda: not Path(f"/tmp/.sloth-{self.nonce}").exists())
        except BaseException as error:
            error.add_note(f"in {self.shell}")
            raise
        finally:
            kill(marked(f"{MARK}={self.nonce}"))


def in_each_shell(test: Callable[[Trial], None]) -> Callable[[Path], None]:
    """Make a test of what holds in every shell. Most of it is waiting: it runs in all at the same time."""

    def run(tmp_path: Path) -> None:
        shells = [shell for shell in SHELLS if shutil.which(shell.split()[0])]
        if not shells:
            pytest.skip("none of the shells is installed")
        with ThreadPoolExecutor(len(shells)) as pool:
            trials = [pool.submit(Trial(shell, tmp_path / shell.split()[0]).run, test) for shell in shells]
        errors = [error for trial in trials if (error := trial.exception())]
        if errors:
            raise BaseExceptionGroup("not in every shell", errors)

    run.__name__, run.__doc__ = test.__name__, test.__doc__  # no functools.wraps: pytest would see the trial
    return run


def setup(nonce: str, **options: object) -> ShellSetup:
    return ShellSetup(nonce, **{"grace": 10.0, "program": "/bin/sh", **options})  # type: ignore[arg-type]


def start(nonce: str, number: int, text: str) -> bytes:
    """The request that starts a command as a channel does, without waiting for it."""
    private = f"/tmp/.sloth-{nonce}"
    script = f"echo $$ >{private}/{number}.p || exit; export {MARK}={nonce}.{number}.; sh -c '{text}'"
    return b"make_private; setsid sh -c %b </dev/null >/dev/null 2>&1 &" % quote(script.encode())


def has_begun(nonce: str) -> bool:
    """True if the command runs: its text alone, on a command line, is not yet one."""
    mark = f"{MARK}={nonce}.1.".encode()
    return any(mark in _environment(pid) for pid in marked(f"{MARK}={nonce}.1."))


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
