"""What a user is told if a host cannot be reached: by a real ssh where the situation can be made."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.ssh.errors import Target, connection_lost, explain, explain_sudo
from sloth_tui.runner.hosts.ssh.remote_shell import ShellLost
from tests.runner.hosts.support import SshHosts, run
from tests.ssh import Server, make_key, needs_sshd

if TYPE_CHECKING:
    from pathlib import Path

TARGET = Target("web1", "deploy@web1", "deploy")


def refusal(hosts: SshHosts, name: str = "web1", **options: object) -> tuple[str, str | None]:
    with pytest.raises(HostError) as caught:
        hosts.make(name, **options).connect()  # type: ignore[arg-type]
    assert "\n" not in caught.value.message + (caught.value.hint or "")
    return caught.value.message, caught.value.hint


@needs_sshd
@pytest.mark.slow
def test_an_unknown_host_key(server: Server, hosts: SshHosts, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("")
    server.write_config(more=f"UserKnownHostsFile {tmp_path}/none")
    assert refusal(hosts) == (
        "cannot reach 'web1': its host key is not known",
        "log in once and accept it: ssh web1",
    )


@needs_sshd
@pytest.mark.slow
def test_another_host_key(server: Server, hosts: SshHosts, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    key = (tmp_path / "other.pub").read_text()
    (tmp_path / "known").write_text(f"# mine\n[127.0.0.1]:{server.port} {key}")
    server.write_config(more=f"UserKnownHostsFile {tmp_path}/known")
    assert refusal(hosts) == (
        "'web1' shows another host key than known_hosts has: refused",
        f"if the host was installed anew, remove the old key: {tmp_path}/known:2",
    )


@needs_sshd
@pytest.mark.slow
def test_a_refused_key(server: Server, hosts: SshHosts, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    server.write_config(
        more=f"Host web1\n  IdentityFile {tmp_path}/other\nHost web2\n  IdentityFile {tmp_path}/none"
    )
    text = server.config.read_text().replace(f"  IdentityFile {server.key}\n", "")
    server.config.write_text(text)
    message, hint = refusal(hosts)
    assert message == f"'web1' refused user {server.user} (publickey)"
    assert (hint or "").startswith("see which keys ssh has: ssh-add -l; ")
    assert refusal(hosts, "web2")[1] == f"there is no key {tmp_path}/none"
    (tmp_path / "other").write_bytes(server.key.read_bytes())
    (tmp_path / "other.pub").unlink()
    (tmp_path / "other").chmod(0o644)
    assert (
        refusal(hosts)[1]
        == f"others may read the private key, so ssh does not use it: chmod 600 {tmp_path}/other"
    )


@needs_sshd
@pytest.mark.slow
def test_no_such_name_and_a_closed_port(server: Server, hosts: SshHosts) -> None:
    assert refusal(hosts, "host.invalid")[0].startswith(
        "cannot reach 'host.invalid': Could not resolve hostname host.invalid: "
    )
    server.write_config(more="Host web1\n  Port 1")
    assert refusal(hosts)[0] == "cannot reach 'web1': connect to host 127.0.0.1 port 1: Connection refused"


@needs_sshd
@pytest.mark.slow
def test_the_cause_behind_a_jump_host(server: Server, hosts: SshHosts) -> None:
    server.write_config("jump", more=f"Host web1\n  ProxyCommand {server.bin}/ssh -W %h:%p host.invalid")
    assert "Could not resolve hostname host.invalid" in refusal(hosts)[0]


@needs_sshd
@pytest.mark.slow
def test_a_jump_host_works(server: Server, hosts: SshHosts) -> None:
    server.write_config(more=f"Host web2\n  ProxyCommand {server.bin}/ssh -W %h:%p web1")
    assert run(hosts.make("web2"), "echo x")[:2] == (0, b"x\n")


@needs_sshd
@pytest.mark.slow
def test_a_server_that_drops_the_connection(server: Server, hosts: SshHosts, tmp_path: Path) -> None:
    server.write_config(more="Host web1\n  ProxyCommand true")
    assert refusal(hosts)[0] == "'web1' closed the connection before a session was there"


@needs_sshd
@pytest.mark.slow
def test_a_mistake_in_the_configuration_of_ssh(server: Server, hosts: SshHosts) -> None:
    server.write_config(more="Nonsense yes")
    assert (
        refusal(hosts)[0] == f"cannot reach 'web1': {server.config}: terminating, 1 bad configuration options"
    )


@needs_sshd
@pytest.mark.slow
def test_a_login_shell_that_runs_nothing(server: Server, hosts: SshHosts) -> None:
    command = 'command="echo This account is currently not available.; exit 1" '
    keys = server.directory / "authorized_keys"
    before = keys.read_text()
    keys.write_text(command + before)
    try:
        assert refusal(hosts) == (
            f"the login shell of {server.user} on 'web1' runs no commands: "
            "This account is currently not available.",
            "see what it does: ssh web1 true",
        )
    finally:
        keys.write_text(before)


@needs_sshd
@pytest.mark.slow
def test_no_ssh(hosts: SshHosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal(hosts)[0] == "delegation needs OpenSSH's ssh, which is not installed here"


@pytest.mark.parametrize("destination", ["-oProxyCommand=x", "a\nb", "a\x1b[2J", ""], ids=repr)
def test_what_is_no_destination_is_not_given_to_ssh(destination: str, tmp_path: Path) -> None:
    hosts = SshHosts()
    try:
        with pytest.raises(UsageError, match="is not a destination of ssh"):
            hosts.make(destination).connect()
    finally:
        hosts.close()


@needs_sshd
@pytest.mark.slow
def test_the_users_own_master_is_used_without_any_key(
    server: Server, hosts: SshHosts, tmp_path: Path
) -> None:
    control = f"/tmp/sloth-test-{os.getpid()}"
    server.write_config(more=f"Host web1\n  ControlPath {control}")
    master = subprocess.Popen(["ssh", "-M", "-N", "web1"], stdin=subprocess.DEVNULL)
    try:
        while subprocess.run(["ssh", "-O", "check", "web1"], capture_output=True, check=False).returncode:
            assert master.poll() is None
        text = server.config.read_text().replace(str(server.key), f"{tmp_path}/none")
        server.config.write_text(text)
        assert run(hosts.make(), "exit 255") == (255, b"", b"")
        assert master.poll() is None
    finally:
        master.terminate()
        master.wait()


@needs_sshd
@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/usr/bin/sudo"), reason="needs sudo")
def test_another_user_by_sudo(server: Server, hosts: SshHosts) -> None:
    web1 = hosts.make(become="daemon")
    data = os.urandom(200_000)
    assert run(web1, "cat; id -un >&2; exit 255", stdin=data) == (255, data, b"daemon\n")
    assert run(web1, "trap '' TERM; sleep 1000", timeout=1.0, grace=0.2)[0] is None
    message, _ = refusal(hosts, become="no-such-user")
    assert message.startswith(f"no sudo without a password for {server.user} on 'web1': sudo: ")


def lost(status: int, errors: str = "", out: str = "") -> ShellLost:
    return ShellLost(status, out.encode(), errors.encode())


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (
            "ssh: connect to host web1 port 22: No route to host",
            "cannot reach 'web1': connect to host web1 port 22: No route to host",
        ),
        (
            "ssh: connect to host web1 port 22: Network is unreachable",
            "cannot reach 'web1': connect to host web1 port 22: Network is unreachable",
        ),
        (
            "ssh: connect to host web1 port 22: Connection timed out",
            "cannot reach 'web1': connect to host web1 port 22: Connection timed out",
        ),
        (
            "kex_exchange_identification: read: Connection reset by peer",
            "'web1' closed the connection before a session was there",
        ),
        ("deploy@web1: Permission denied (publickey).", "'web1' refused user deploy (publickey)"),
        ("Something new", "cannot reach 'web1': Something new"),
        ("", "cannot reach 'web1'"),
    ],
    ids=["route", "network", "timeout", "reset", "denied", "other", "nothing"],
)
def test_words_that_cannot_be_had_here(log: str, message: str) -> None:
    assert explain(TARGET, lost(255), log).message == message


def test_words_about_a_login_shell() -> None:
    error = explain(TARGET, lost(1, out="closed\n"), "")
    assert error.message == "the login shell of deploy on 'web1' runs no commands: closed"


def test_words_about_a_lost_connection() -> None:
    error = connection_lost("web1", "Timeout, server web1 not responding.\n", acting=True)
    assert error.message == "lost the connection to 'web1' while it ran: what it did is not known"
    assert error.hint == "ssh said: Timeout, server web1 not responding."
    assert connection_lost("web1", "", acting=False).message == "lost the connection to 'web1'"


def test_the_last_line_of_sudo_is_told_in_any_language() -> None:
    error = explain_sudo(TARGET, "root", lost(1, "sudo: ein Passwort ist notwendig\n"))
    assert (
        error.message == "no sudo without a password for deploy on 'web1': sudo: ein Passwort ist notwendig"
    )
