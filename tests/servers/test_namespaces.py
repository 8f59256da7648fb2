from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.servers.namespaces import TwoHosts, needs_namespaces
from tests.support import wait_until

if TYPE_CHECKING:
    from tests.servers.namespaces import Host

pytestmark = [pytest.mark.slow, needs_namespaces]

REACH = """
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1).close()
"""


def reaches(host: Host, port: int) -> bool:
    command = host.command(sys.executable, "-S", "-c", REACH, host.server, str(port))
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def test_one_host_is_cut_off_and_connected_again_and_the_other_stays() -> None:
    with TwoHosts() as hosts, socket.create_server(("0.0.0.0", 0), backlog=100) as server:
        port = server.getsockname()[1]
        wait_until(lambda: reaches(hosts.first, port) and reaches(hosts.second, port))
        hosts.second.cut_off()
        assert not reaches(hosts.second, port)
        wait_until(lambda: reaches(hosts.first, port))
        hosts.second.connect()
        wait_until(lambda: reaches(hosts.second, port))
        names = (hosts.first.name, hosts.second.name)
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert not any(name in listed for name in names)


def test_what_runs_there_ends_with_the_hosts() -> None:
    with TwoHosts() as hosts:
        started = subprocess.Popen(hosts.first.command("sh", "-c", "echo here; exec sleep 1000"), stdout=-1)
        assert started.stdout is not None
        assert started.stdout.readline() == b"here\n"
    with started:
        assert started.wait(60) == -9
