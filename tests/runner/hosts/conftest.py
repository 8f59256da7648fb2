from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts.local.host import LocalHost
from tests.runner.hosts.support import SshHosts
from tests.ssh import needs_sshd, server, shared_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.ssh.host import SshHost
    from tests.ssh import Server

__all__ = ["server", "shared_server"]


@pytest.fixture
def hosts(server: Server) -> Iterator[SshHosts]:
    """Hosts of the tests' sshd. When a test is over, nothing of it is left there."""
    made = SshHosts()
    yield made
    made.close()


@pytest.fixture(scope="module")
def kept() -> Iterator[SshHosts]:
    """Hosts that the tests of a module share: those that leave a connection as it was."""
    made = SshHosts()
    yield made
    made.close()


@pytest.fixture
def web1(server: Server, kept: SshHosts) -> SshHost:
    """A host that is connected once for the tests of a module."""
    return kept.share()


# Kinds of hosts, which all pass the tests of conformance

HOSTS: dict[str, Callable[[pytest.FixtureRequest], Host]] = {
    "local": lambda request: LocalHost(),
    "ssh": lambda request: _over_ssh(request, "/bin/sh"),
    "busybox": lambda request: _over_ssh(request, "busybox sh"),
    "bash": lambda request: _over_ssh(request, "bash --posix"),
    "bare": lambda request: _over_ssh(request, f"env PATH={request.getfixturevalue('few_programs')} /bin/sh"),
}
_FEW = """
cat chmod chown cp env find getent grep head id kill ln ls mkdir mv readlink rm rmdir sh sleep"""


def _over_ssh(request: pytest.FixtureRequest, program: str) -> Host:
    request.getfixturevalue("server")
    kept: SshHosts = request.getfixturevalue("kept")
    return kept.share(program)


@pytest.fixture(scope="session")
def few_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory without a program for checksums, base64 or archives."""
    directory = tmp_path_factory.mktemp("bin")
    for name in _FEW.split():
        (directory / name).symlink_to(str(shutil.which(name)))
    return directory


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name == "local" else (needs_sshd, pytest.mark.slow)) for name in HOSTS
    ]
)
def host(request: pytest.FixtureRequest) -> Host:
    return HOSTS[request.param](request)
