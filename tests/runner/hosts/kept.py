"""A host behind the tests' sshd whose connection is kept for all tests of a module."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.runner.hosts.support import SshHosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runner.hosts.ssh.host import SshHost
    from tests.ssh import Server


@pytest.fixture(scope="module")
def far(shared_server: Server) -> Iterator[SshHost]:
    """The host ``web1``, connected."""
    shared_server.write_config()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{shared_server.bin}:{os.environ['PATH']}")
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        hosts = SshHosts()
        host = hosts.make()
        host.connect()
        yield host
        hosts.close()
