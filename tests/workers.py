"""Start the workers of tests as copies of one process that has loaded their modules.

To start Python and to import what a worker needs is most of what a short run costs. A forked worker is a
process of its own like any other: child of the test's process, leader of a session, with its own guard and
Lua process, and with the environment and the directory of the test. Where a test has set what only a
program that is started anew takes on (limits, the umask, locale, Python's variables), it is started anew.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import gc
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from sloth_tui.runner.processes import find_descendants
from sloth_tui.runner.supervision import process

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from sloth_tui.runner.processes import Process

_SERVE = "import sys; sys.path = sys.argv[2:]; from tests.workers import serve; serve(int(sys.argv[1]))"
_CLONE_PARENT = 0x8000
"""The flag of clone(2) that makes the new process a child of the caller's parent."""
_CLONE = {"x86_64": 56, "aarch64": 220}
"""The number of clone(2), by machine."""
_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TZ")
"""Beginnings of variables that are read when a program starts."""
_LOADED = (
    "sloth_tui.runner.worker.main",
    "sloth_tui.runner.worker.session",
    "sloth_tui.runner.worker.recover",
    "sloth_tui.runner.worker.emitter",
    "sloth_tui.runner.worker.fingerprints",
    "sloth_tui.runner.worker.guarding.family",
    "sloth_tui.runner.worker.guarding.guard",
    "sloth_tui.runner.worker.guarding.ending",
    "sloth_tui.runner.worker.guarding.enclosure",
    "sloth_tui.runner.worker.guarding.crowd",
    "sloth_tui.runner.hosts.local.command",
    "sloth_tui.runner.hosts.local.host",
    "sloth_tui.store.sqlite.store",
    "jinja2.sandbox",
    "ctypes",
    "threading",
)
"""Modules that workers import when they start, or as soon as a task needs them."""


class Nursery:
    """A process that has loaded the modules of a worker, and copies of which become workers."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-S", "-c", _SERVE, "3", *filter(None, sys.path)],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3),
                ],
                setsid=True,
            )
        self._conditions = _conditions()

    def fits(self) -> bool:
        """Return True if a program that is started now would find what the nursery found."""
        return self._conditions == _conditions()

    def spawn(self, descriptors: dict[int, int]) -> int:
        """Make a worker, return its pid. ``descriptors``: those of this process, by their number there."""
        told = [os.getcwd(), list(descriptors), dict(os.environ)]
        place = os.memfd_create("environment")
        try:
            os.write(place, json.dumps(told).encode())
            passed = array.array("i", [place, *descriptors.values()])
            self._socket.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
            return int(self._socket.recv(64))
        finally:
            os.close(place)

    def close(self) -> None:
        self._socket.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


_start_anew = process._spawn
_nurseries: list[Nursery] = []


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the supervisors of this process start their workers here."""
    monkeypatch.setattr(process, "_spawn", spawn)


def spawn(descriptors: dict[int, int]) -> int:
    """Start a worker, in place of the function of that name of the supervision."""
    if os.uname().machine not in _CLONE or sys.platform != "linux":
        return _start_anew(descriptors)
    if not _nurseries:
        _nurseries.append(Nursery())
    (nursery,) = _nurseries
    return nursery.spawn(descriptors) if nursery.fits() else _start_anew(descriptors)


def close() -> None:
    """End the nursery, if there is one."""
    while _nurseries:
        _nurseries.pop().close()


def descendants() -> list[Process]:
    """Return the processes below this one but the nursery."""
    nurseries = {nursery.pid for nursery in _nurseries}
    return [found for found in find_descendants(os.getpid()) if found.pid not in nurseries]


def _conditions() -> list[Any]:
    with open("/proc/self/status") as status:
        umask = next(line for line in status if line.startswith("Umask:"))
    variables = sorted(item for item in os.environ.items() if item[0].startswith(_AT_START))
    return [sys.executable, umask, variables, sys.path[:], [resource.getrlimit(limit) for limit in _LIMITS]]


# In the nursery


def serve(number: int) -> NoReturn:
    """Load the modules, then make a worker for each request, until the tests are over."""
    import importlib

    gc.disable()
    for name in _LOADED:
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(fileno=number) as requests:
        while True:
            data, passed, *_ = requests.recvmsg(1, socket.CMSG_SPACE(16 * 4))
            if not data:
                os._exit(0)
            received = array.array("i")
            for _, _, content in passed:
                received.frombytes(content)
            pid = _clone()
            if pid == 0:
                requests.close()
                _become_worker(list(received))
            for descriptor in received:
                os.close(descriptor)
            requests.send(str(pid).encode())


def _clone() -> int:
    """Fork a child of this process's parent: it is the test that waits for it."""
    system: Callable[..., int] = ctypes.PyDLL(None, use_errno=True).syscall
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = system(_CLONE[os.uname().machine], _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return pid


def _become_worker(received: list[int]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        place, *descriptors = received
        directory, numbers, environment = json.loads(os.pread(place, 1 << 24, 0))
        os.close(place)
        # First out of the way of the low numbers, which are overwritten one after the other.
        high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, max(numbers) + 1) for descriptor in descriptors]
        for descriptor, wanted in zip(high, numbers, strict=True):
            os.dup2(descriptor, wanted)
        os.closerange(max(numbers) + 1, max([*high, *descriptors]) + 1)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["-c"]

        from sloth_tui.runner.worker.main import main

        main()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
