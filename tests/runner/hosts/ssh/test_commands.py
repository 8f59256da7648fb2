"""Commands on a host behind a real sshd: their output, their ends, and what is left of them."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError, UsageError
from sloth_tui.runner.hosts.host import Attributes, Command, Replacement
from tests.runner.hosts.support import Bytes, Heard, run
from tests.ssh import marked, needs_sshd
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.ssh.host import SshHost
    from sloth_tui.runner.hosts.ssh.remote_shell import Answer
    from tests.runner.hosts.support import SshHosts
    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]
MARK = "SLOTH_RUNNER_SHELL="


@pytest.fixture
def alone(hosts: SshHosts) -> SshHost:
    """A host with a connection of its own, for tests that end it or look what it has left."""
    return hosts.make()


def nonce_of(host: SshHost) -> str:
    return host._session.nonce


def nothing_is_left(nonce: str) -> bool:
    return not marked(MARK + nonce) and not Path(f"/tmp/.sloth-{nonce}").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 7", 7),
        ("no-such-program 2>&1", 127),
        ("exit 255", 255),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
    ],
    ids=["0", "1", "7", "127", "255", "KILL", "TERM"],
)
def test_exit_codes_are_exact(web1: SshHost, text: str, code: int) -> None:
    found, _, errors = run(web1, text)
    assert (found, errors) == (code, b"")


def test_outputs_are_apart_and_exact(web1: SshHost) -> None:
    assert run(web1, "printf a; printf b >&2; printf c") == (0, b"ac", b"b")
    data = os.urandom(3_000_000)
    assert run(web1, "cat", stdin=data) == (0, data, b"")
    assert run(web1, "cat >&2", stdin=data[:300_000]) == (0, b"", data[:300_000])


def test_output_comes_while_the_command_runs(web1: SshHost, tmp_path: Path) -> None:
    go = tmp_path / "go"
    heard = Heard()

    def receive(stream: str, data: bytes) -> None:
        heard.receive(stream, data)
        if data == b"first\n":
            go.write_text("")

    text = f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo second"
    assert web1.run(Command(text.encode()), 10.0, receive).code == 0
    assert heard.of("stdout") == b"first\nsecond\n"


def test_input_that_nobody_reads_holds_nothing_up(web1: SshHost) -> None:
    assert run(web1, "exec <&-; echo done", stdin=b"x" * 1_000_000) == (0, b"done\n", b"")


def test_without_input_there_is_none(web1: SshHost) -> None:
    assert run(web1, "cat; echo end") == (0, b"end\n", b"")


def test_a_child_that_is_left_behind_holds_nothing_up_and_goes_on(web1: SshHost, tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = f"(while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo late; echo on >{log}) & echo x"
    assert run(web1, text) == (0, b"x\n", b"")
    (tmp_path / "go").write_text("")
    wait_until(lambda: log.exists() and log.read_text() == "on\n")


def test_a_variable_that_no_shell_can_set_is_refused(web1: SshHost) -> None:
    with pytest.raises(UsageError, match=re.escape("env: 'a.b' cannot be set on 'web1'")):
        run(web1, "true", env={"a.b": "1"})


@pytest.mark.parametrize("shell", ["/bin/bash", "/usr/bin/zsh", "/usr/bin/fish", "/bin/dash"])
def test_noise_and_login_shells_change_nothing(
    server: Server, hosts: SshHosts, tmp_path: Path, shell: str
) -> None:
    if not os.path.exists(shell):
        pytest.skip(f"no {shell}")
    keys = server.directory / "authorized_keys"
    before = keys.read_text()
    login = server.directory / "login"
    login.write_text(f'#!/bin/sh\necho noise; echo noise >&2\nexec {shell} -c "$SSH_ORIGINAL_COMMAND"\n')
    login.chmod(0o755)
    keys.write_text(f'command="{login}" {before}')
    try:
        web1 = hosts.make(env={"GREETING": "hello"}, cwd=str(tmp_path))
        assert run(web1, 'echo "$GREETING"; pwd; exit 255') == (255, f"hello\n{tmp_path}\n".encode(), b"")
        web1.put("file", Bytes(b"x" * 100_000), Attributes())
        assert web1.look(["file"])[0].size == 100_000
    finally:
        keys.write_text(before)


def test_a_timeout_ends_the_whole_group_and_the_connection_stays(alone: SshHost) -> None:
    text = "trap '' TERM; setsid sleep 1000 & sleep 1000 & while :; do sleep 1; done"
    assert run(alone, text, timeout=1.0, grace=0.3)[0] is None
    assert not marked(MARK + nonce_of(alone))
    assert run(alone, "echo on") == (0, b"on\n", b"")


def test_at_a_timeout_a_command_is_asked_once_and_its_last_output_comes(web1: SshHost) -> None:
    text = "trap 'echo asked; sleep 0.3; echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done"
    for seconds in (0.5, 5.0, 30.0):  # on a busy machine the first may be over before it is up
        told = run(web1, text, timeout=seconds)[:2]
        if told[1]:
            break
    assert told == (None, b"up\nasked\nbye\n")


def test_a_command_ends_though_only_its_client_was_killed(alone: SshHost) -> None:
    def kill() -> None:
        wait_until(lambda: marked(MARK + nonce))
        clients = [pid for pid in marked(f"/tmp/.sloth-{nonce}/") if b"ssh\0" in cmdline(pid)]
        for pid in clients:
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    alone.connect()
    nonce = nonce_of(alone)
    killer.start()
    with pytest.raises(
        HostError, match="lost the connection to 'web1' while it ran: what it did is not known"
    ):
        run(alone, "sleep 1000")
    killer.join()
    wait_until(lambda: nothing_is_left(nonce))


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_closing_ends_commands_children_and_own_sessions(alone: SshHost) -> None:
    run(alone, "sleep 1000 & setsid sleep 1000 & echo")
    nonce = nonce_of(alone)
    wait_until(lambda: len(marked(MARK + nonce)) >= 2)
    alone.close()
    assert nothing_is_left(nonce)


def test_the_script_of_a_command_is_not_readable_by_others(web1: SshHost) -> None:
    run(web1, "true")
    assert Path(f"/tmp/.sloth-{nonce_of(web1)}").stat().st_mode & 0o777 == 0o700


def test_looks_and_guards_make_no_directory(alone: SshHost, tmp_path: Path) -> None:
    alone.look([str(tmp_path), str(tmp_path / "x")], content=True)
    alone.list_tree(str(tmp_path))
    alone.check_guards(Command(b"", unless=b"true", creates=("/x",)))
    assert not Path(f"/tmp/.sloth-{nonce_of(alone)}").exists()


def test_an_unchanged_file_is_one_request_with_two_processes_and_sends_no_content(
    alone: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    alone.connect()
    shell = alone._session.connect()
    for name in ("ls", "sha256sum", "readlink", "cat", "head"):
        shell.request(f'{name}() {{ echo {name} >>{log}; command {name} "$@"; }}'.encode())
    bodies: list[bytes] = []
    request = shell.request

    def listen(body: bytes) -> Answer:
        bodies.append(body)
        return request(body)

    monkeypatch.setattr(shell, "request", listen)
    (tmp_path / "file").write_bytes(b"x" * 5000)
    assert alone.look([str(tmp_path / "file")])[0].size == 5000
    assert log.read_text().split() == ["ls", "sha256sum"]
    assert (len(bodies), len(bodies[0]) < 500) == (1, True)


def test_more_channels_than_the_server_allows_are_slow_but_run(alone: SshHost) -> None:
    for _ in range(14):  # MaxSessions is 10
        assert run(alone, "sleep 1000 & echo x")[:2] == (0, b"x\n")


def test_the_connection_comes_back_for_the_next_command(alone: SshHost, server: Server) -> None:
    run(alone, "true")
    os.kill(alone._session.connect().group, signal.SIGKILL)
    with pytest.raises(HostError, match="lost the connection to 'web1'"):
        run(alone, "true")
    assert run(alone, "echo again") == (0, b"again\n", b"")


def test_a_relative_path_begins_where_commands_begin(hosts: SshHosts, tmp_path: Path) -> None:
    web1 = hosts.make(cwd=str(tmp_path))
    web1.put("file", Bytes(b"x"), Attributes())
    assert (tmp_path / "file").read_bytes() == b"x"
    assert web1.look(["file"])[0].path == str(tmp_path / "file")
    with pytest.raises(HostError, match="'web2': cwd '/none' is not a directory"):
        hosts.make("web2", cwd="/none").connect()


def test_sizes_of_names_do_not_matter_to_the_socket(server: Server, hosts: SshHosts) -> None:
    long = "web-" + "a" * 200
    server.write_config(f"web1 {long}")
    assert run(hosts.make(long), "echo x")[:2] == (0, b"x\n")
    assert len(os.fsencode(hosts.files.new())) <= 90


@pytest.mark.parametrize("victim", ["client", "server", "shell", "watch"])
def test_whoever_is_killed_leaves_no_half_file_and_no_process(
    hosts: SshHosts, server: Server, tmp_path: Path, victim: str
) -> None:
    target = tmp_path / "target"
    old, new = b"old" * 50_000, b"new" * 400_000
    for number in range(rounds(2, 50)):
        web1 = hosts.make(period=1, grace=1.0)
        target.write_bytes(old)
        run(web1, "setsid sleep 1000 & sleep 1000 & echo")
        nonce = nonce_of(web1)
        pid = _victim(victim, web1, server, nonce)
        timer = threading.Timer((1 + number % 10) * 0.02, os.kill, (pid, signal.SIGKILL))
        timer.start()
        try:
            for content in (new, old, new):
                web1.put(str(target), Bytes(content), Attributes())
        except HostError:
            pass
        timer.join()
        web1.close()
        assert target.read_bytes() in (old, new)
        wait_until(lambda nonce=nonce: nothing_is_left(nonce))  # type: ignore[misc]
        wait_until(lambda: sorted(os.listdir(tmp_path)) == ["home", "target"])


def _victim(victim: str, host: SshHost, server: Server, nonce: str) -> int:
    shell = host._session.connect()
    if victim == "client":
        return shell.group
    words = {"server": b"echo $PPID", "shell": b"echo $$", "watch": b"echo $watch"}[victim]
    return int(shell.request(words).text)


def test_what_validates_a_file_has_the_environment_of_the_host(hosts: SshHosts, tmp_path: Path) -> None:
    web1 = hosts.make(env={"WANTED": "it's new"})
    path = tmp_path / "file"
    how = Replacement(validate='grep -qx "$WANTED" %s')
    with pytest.raises(HostError, match="validate"):
        web1.put(str(path), Bytes(b"old\n"), Attributes(), how)
    assert not path.exists()
    web1.put(str(path), Bytes(b"it's new\n"), Attributes(), how)
    assert path.read_bytes() == b"it's new\n"
    unfit = hosts.make("web2", env={"A B": "x"})
    with pytest.raises(UsageError, match="env: 'A B' cannot be set on 'web2'"):
        unfit.put(str(path), Bytes(b"x"), Attributes(), how)
