"""The servers of the tests are what tests take them for."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.servers.etcd import BINARIES, Etcd, needs, needs_etcd
from tests.servers.gateway import Refused
from tests.servers.namespaces import TwoHosts, needs_namespaces
from tests.support import wait_until

if TYPE_CHECKING:
    from tests.servers.etcd import Member

pytestmark = pytest.mark.slow

versions = pytest.mark.parametrize("version", [pytest.param(one, marks=needs(one)) for one in BINARIES])


@versions
def test_it_is_the_version_that_was_asked_for_and_leaves_nothing(version: str) -> None:
    with Etcd(version) as etcd:
        assert etcd.gateway.call("maintenance/status")["version"].startswith(f"{version}.")
        etcd.gateway.put("key", "value")
        assert etcd.gateway.range("") == {"key": "value"}
        process = etcd.members[0].process
    assert not process.runs()
    assert not etcd.directory.exists()


@versions
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_comes_back_on_its_port_with_its_data(version: str, end: str) -> None:
    with Etcd(version) as etcd:
        (member,) = etcd.members
        port = member.port
        etcd.gateway.put("key", "value")
        getattr(member, end)()
        assert not member.runs
        etcd.start()
        assert member.port == port
        assert etcd.gateway.get("key") == "value"


@needs_etcd
def test_one_that_is_paused_answers_nobody_until_it_goes_on() -> None:
    with Etcd() as etcd:
        (member,) = etcd.members
        member.pause()
        with socket.create_connection(("127.0.0.1", member.port)) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            client.settimeout(1)
            with pytest.raises(TimeoutError):
                client.recv(1)
            member.go_on()
            client.settimeout(60)
            assert client.recv(8) == b"HTTP/1.1"


@needs_etcd
def test_three_members_outlive_their_leader() -> None:
    with Etcd(members=3) as etcd:
        first = etcd.leader()
        etcd.gateway.put("key", "value")
        first.kill()
        wait_until(lambda: etcd.leader() is not first)
        wait_until(lambda: put(etcd, "other"))
        etcd.start()
        assert etcd.gateway.leader_by(first) is not None
        assert etcd.gateway.range("") == {"key": "value", "other": "x"}


def put(etcd: Etcd, key: str) -> bool:
    try:
        etcd.gateway.put(key, "x")
    except Refused:
        return False
    return True


@needs_etcd
def test_with_tls_it_serves_only_clients_that_it_knows() -> None:
    with Etcd(tls=True, client_certificates=True) as etcd:
        etcd.gateway.put("key", "value")
        assert etcd.gateway.get("key") == "value"
        assert etcd.authority is not None
        assert etcd.address("p").startswith(f"etcds://127.0.0.1:{etcd.members[0].port}/p?ca=")
        strangers = ssl.create_default_context(cafile=str(etcd.authority.certificate))
        for context in (ssl.create_default_context(), strangers):
            with pytest.raises(ssl.SSLError):
                shake_hands(etcd.members[0], context)


def shake_hands(member: Member, context: ssl.SSLContext) -> None:
    with (
        socket.create_connection(("127.0.0.1", member.port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1)  # with TLS 1.3 this is where a client learns that it was refused


@needs_etcd
def test_users_may_only_do_what_they_were_given() -> None:
    with Etcd() as etcd:
        etcd.gateway.add_user("ana", "secret", "team/")
        etcd.gateway.require_users()
        etcd.gateway.put("team/key", "value")
        assert etcd.gateway.get("team/key") == "value"
        anything = {"key": "YQ=="}
        for user, refusal in ((None, "user name is empty"), (("ana", "secret"), "permission denied")):
            with pytest.raises(Refused, match=refusal):
                etcd.gateway.call_as(user, "kv/range", anything)
        with pytest.raises(Refused, match="authentication failed"):
            etcd.gateway.call_as(("ana", "wrong"), "kv/range", anything)


@needs_etcd
def test_a_small_quota_is_used_up_and_given_back() -> None:
    with Etcd(quota_bytes=4_000_000) as etcd:
        etcd.gateway.fill()
        assert [alarm["alarm"] for alarm in etcd.gateway.alarms()] == ["NOSPACE"]
        etcd.gateway.make_room()
        etcd.gateway.put("key", "value")
        assert etcd.gateway.alarms() == []
        assert etcd.gateway.range("") == {"key": "value"}


@needs_etcd
def test_ports_that_somebody_took_are_replaced() -> None:
    etcd = Etcd()
    (member,) = etcd.members
    taken = member.port
    with socket.create_server(("127.0.0.1", taken)), etcd:
        assert member.port != taken
        etcd.gateway.put("key", "value")


@needs_etcd
@needs_namespaces
def test_hosts_reach_one_that_listens_everywhere() -> None:
    with TwoHosts() as hosts, Etcd(listen="0.0.0.0") as etcd:
        (member,) = etcd.members
        address = etcd.address("p", host=hosts.first.server)
        assert address == f"etcd://{hosts.first.server}:{member.port}/p"
        where = f"http://{hosts.first.server}:{member.port}/health"
        ask = f"import urllib.request; print(urllib.request.urlopen({where!r}, timeout=60).read())"
        command = hosts.first.command(sys.executable, "-c", ask)
        told = subprocess.run(command, capture_output=True, timeout=60)
        assert b'"health":"true"' in told.stdout
