from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runner.hosts.support import SshHosts
from tests.ssh import server, shared_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ssh import Server

__all__ = ["server", "shared_server"]


@pytest.fixture
def hosts(server: Server) -> Iterator[SshHosts]:
    """Hosts of the tests' sshd. When a test is over, nothing of it is left there."""
    made = SshHosts()
    yield made
    made.close()
