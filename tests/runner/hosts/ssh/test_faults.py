"""What goes wrong between here and a host behind a real sshd, and on its disks."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.contents import LocalFile
from sloth_tui.runner.hosts.host import Attributes, Command, Replacement
from tests.runner.hosts.support import Bytes, Heard, SshHosts, run
from tests.ssh import marked, needs_sshd
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.runner.hosts.ssh.host import SshHost
    from sloth_tui.runner.hosts.ssh.remote_shell import Answer
    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]
KEPT = Attributes()


def mark_of(host: SshHost) -> str:
    return f"SLOTH_RUNNER_SHELL={host._session.nonce}"


def signal_when_it_runs(host: SshHost, victim: int, go: Path) -> threading.Thread:
    """Stop a process as soon as the command on the host has made a file."""

    def stop() -> None:
        wait_until(go.exists)
        os.kill(victim, signal.SIGSTOP)

    thread = threading.Thread(target=stop)
    thread.start()
    return thread


def test_a_silent_server_is_noticed(server: Server, hosts: SshHosts, tmp_path: Path) -> None:
    server.write_config(more="Host web1\n  ServerAliveInterval 1\n  ServerAliveCountMax 2")
    host = hosts.make()
    host.connect()
    mark, victim = mark_of(host), int(host._session.ask(b"echo $PPID").text)
    thread = signal_when_it_runs(host, victim, tmp_path / "go")
    try:
        with pytest.raises(HostError) as caught:
            run(host, f"touch {tmp_path}/go; sleep 1000")
    finally:
        thread.join()
        os.kill(victim, signal.SIGCONT)
    assert caught.value.message == "lost the connection to 'web1' while it ran: what it did is not known"
    assert caught.value.hint == "ssh said: Timeout, server 127.0.0.1 not responding."
    wait_until(lambda: not marked(mark))


def test_of_a_silent_client_everything_ends_there(hosts: SshHosts, tmp_path: Path) -> None:
    host = hosts.make(period=1, grace=1.0)
    host.connect()
    mark, directory = mark_of(host), Path(f"/tmp/.sloth-{host._session.nonce}")
    victim = host._session.connect().group
    thread = signal_when_it_runs(host, victim, tmp_path / "go")

    def go_on() -> None:
        thread.join()
        wait_until(lambda: not marked(mark) and not directory.exists())
        (tmp_path / "ended").touch()
        os.kill(victim, signal.SIGCONT)

    waits = threading.Thread(target=go_on)
    waits.start()
    try:
        told = str(run(host, f"touch {tmp_path}/go; setsid sleep 1000 & sleep 1000")[0])
    except HostError as error:
        told = error.message
    # What was on its way comes through in the end, or it does not.
    assert told in ("143", "lost the connection to 'web1' while it ran: what it did is not known")
    waits.join()
    assert (tmp_path / "ended").exists()


def test_outputs_that_are_apart_in_time_keep_their_order(web1: SshHost, tmp_path: Path) -> None:
    heard = Heard()

    def receive(stream: str, data: bytes) -> None:
        heard.receive(stream, data)
        (tmp_path / data.decode().strip()).touch()

    text = f"""
    say() {{ echo "$1"; while [ ! -e {tmp_path}/$1 ]; do sleep 0.02; done; }}
    for n in 1 2 3 4 5; do say o$n; say e$n >&2; done
    """
    assert web1.run(Command(text.encode()), 1.0, receive).code == 0
    expected = [(f"std{name}", f"{name[0]}{n}\n".encode()) for n in range(1, 6) for name in ("out", "err")]
    assert heard.parts == expected


def test_much_output_on_both_streams(web1: SshHost) -> None:
    text = "head -c 300000 /dev/zero & head -c 300000 /dev/zero >&2; wait"
    assert run(web1, text) == (0, bytes(300_000), bytes(300_000))
    data = os.urandom(3_000_000)
    assert run(web1, "sha256sum", stdin=data)[1].split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_a_jump_host_of_the_configuration(server: Server, hosts: SshHosts) -> None:
    server.write_config(more="Host web2\n  ProxyJump web1")
    assert run(hosts.make("web2"), "exit 255") == (255, b"", b"")


def test_a_server_that_closes_at_once(server: Server, hosts: SshHosts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.write_config(more=f"Host web1\n  Port {listener.getsockname()[1]}")

        def close() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(HostError) as caught:
            hosts.make().connect()
        thread.join()
    assert caught.value.message == "'web1' closed the connection before a session was there"
    assert (caught.value.hint or "").startswith("ssh said: ")


@pytest.fixture(params=["use_pty", "!use_pty"])
def sudo(request: pytest.FixtureRequest) -> Iterator[str]:
    """Settings of sudo."""
    if not os.path.isdir("/etc/sudoers.d") or not os.path.exists("/usr/bin/sudo"):
        pytest.skip("needs sudo")
    path = Path(f"/etc/sudoers.d/sloth-test-{os.getpid()}")
    path.write_text(f"Defaults:root {request.param}\n")
    path.chmod(0o440)
    yield request.param
    path.unlink()


@pytest.mark.usefixtures("sudo")
def test_commands_of_another_user_are_exact_and_end(hosts: SshHosts) -> None:
    host = hosts.make(become="daemon")
    data = os.urandom(200_000)
    assert run(host, "cat; id -un >&2; exit 255", stdin=data) == (255, data, b"daemon\n")
    run(host, "sleep 1000 & setsid sleep 1000 & echo")
    mark = mark_of(host)
    wait_until(lambda: len(marked(mark)) >= 2)
    host.close()
    wait_until(lambda: not marked(mark))


# Disks


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a megabyte."""
    path = tmp_path / "disk"
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("cannot mount")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def put_one(host: SshHost, disk: Path, content: Bytes) -> None:
    host.put(str(disk / "file"), content, KEPT)


def put_two(host: SshHost, disk: Path, content: Bytes) -> None:
    try:
        host.put_tree(str(disk), [("file", content, KEPT), ("other", content, KEPT)])
    except HostError as error:
        raise HostError(error.message.replace("disk' on", "disk/file' on")) from error


@pytest.mark.parametrize("size", [30_000, 3_000_000], ids=["request", "channel"])
@pytest.mark.parametrize("act", [put_one, put_two], ids=["file", "tree"])
def test_on_a_full_disk_nothing_is_replaced(
    web1: SshHost, disk: Path, size: int, act: Callable[[SshHost, Path, Bytes], None]
) -> None:
    (disk / "file").write_text("old")
    with (disk / "filler").open("wb") as filler:
        try:
            filler.write(bytes(2_000_000))
            filler.flush()
        except OSError:
            pass
    with pytest.raises(HostError, match="file' on 'web1': no space is left on the disk") as caught:
        act(web1, disk, Bytes(os.urandom(size)))
    assert "\n" not in caught.value.message
    assert (disk / "file").read_text() == "old"
    assert sorted(os.listdir(disk)) == ["file", "filler"]


def test_in_a_directory_that_cannot_be_written_nothing_changes(web1: SshHost, disk: Path) -> None:
    (disk / "file").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    path = str(disk / "file")
    acts: list[Callable[[], object]] = [
        lambda: web1.put(path, Bytes(b"new"), KEPT),
        lambda: web1.put(path, Bytes(bytes(100_000)), KEPT),
        lambda: web1.put_tree(str(disk), [("file", Bytes(b"new"), KEPT)]),
        lambda: web1.set_attributes(path, Attributes(0o600)),
        lambda: web1.make_directory(f"{disk}/d", KEPT, parents=True),
        lambda: web1.make_link(f"{disk}/l", "x"),
        lambda: web1.remove(path),
    ]
    for act in acts:
        with pytest.raises(HostError, match="Read-only file system") as caught:
            act()
        assert "\n" not in caught.value.message
    assert sorted(os.listdir(disk)) == ["file"]


def test_a_large_file_arrives(web1: SshHost, tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    with (tmp_path / "source").open("wb") as source:
        for _ in range(rounds(20, 100)):
            source.write(block)
    content = LocalFile(str(tmp_path / "source"))
    web1.put(str(tmp_path / "target"), content, KEPT, Replacement(expected=""))
    found = web1.look([str(tmp_path / "target")])[0]
    assert (found.size, found.sha256) == (content.size, content.sha256)
    os.truncate(tmp_path / "target", (64 << 20) + 1)
    with pytest.raises(HostError, match="is larger than 64 MiB"):
        web1.look([str(tmp_path / "target")], content=True)


def test_many_files_are_one_request(hosts: SshHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f {number}" for number in range(200)]
    for name in names:
        (tmp_path / name).write_text(name)
    host = hosts.make(cwd=str(tmp_path))
    host.connect()
    shell = host._session.connect()
    request, bodies = shell.request, []

    def listen(body: bytes) -> Answer:
        bodies.append(body)
        return request(body)

    monkeypatch.setattr(shell, "request", listen)
    found = host.look(names)
    assert [each.sha256 for each in found] == [hashlib.sha256(name.encode()).hexdigest() for name in names]
    assert len(bodies) == 1


def test_a_path_that_ends_with_a_line_feed_is_refused(web1: SshHost, tmp_path: Path) -> None:
    acts: list[Callable[[str], object]] = [
        lambda path: web1.look([path]),
        lambda path: web1.put(path, Bytes(b""), KEPT),
        web1.remove,
        lambda path: web1.make_directory(path, KEPT, parents=True),
    ]
    for act in acts:
        for path in (f"{tmp_path}/a\n", ""):
            with pytest.raises(UsageError, match="a path must not"):
                act(path)
    assert sorted(os.listdir(tmp_path)) == ["home"]
