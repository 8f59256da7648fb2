"""The resident shell, under every shell that may be /bin/sh, without ssh between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts.remote_shell import RemoteShell, ShellLost, ShellSetup, _preamble
from sloth_tui.runner.hosts.requests import call, heredoc, quote
from tests.runner.hosts.support import SHELLS
from tests.ssh import marked
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Resident = Callable[..., RemoteShell]

SHELLS_HERE = [
    pytest.param(
        shell,
        id=shell.split()[0],
        marks=pytest.mark.skipif(shutil.which(shell.split()[0]) is None, reason=f"no {shell.split()[0]}"),
    )
    for shell in SHELLS
]
MARK = "SLOTH_RUNNER_SHELL"


def setup(nonce: str, **options: object) -> ShellSetup:
    return ShellSetup(nonce, **{"grace": 10.0, "program": "/bin/sh", **options})  # type: ignore[arg-type]


@pytest.fixture
def nonce() -> Iterator[str]:
    found = os.urandom(12).hex()
    yield found
    try:
        wait_until(lambda: not marked(f"{MARK}={found}"), what="processes are left")
        wait_until(lambda: not Path(f"/tmp/.sloth-{found}").exists())
    finally:
        for pid in marked(f"{MARK}={found}"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def resident(nonce: str) -> Iterator[Resident]:
    """Starts a resident shell, and closes it whatever becomes of the test."""
    started = []

    def start_one(shell: str, arguments: list[str] | None = None, **options: object) -> RemoteShell:
        started.append(RemoteShell(arguments or [*shell.split(), "-s"], setup(nonce, **options)))
        return started[-1]

    yield start_one
    for remote in started:
        remote.close()


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


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_it_answers_with_output_and_status(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell)
    try:
        assert remote.request(b"printf a; printf b >&2; false") == (1, b"ab")
        assert remote.request(b"printf '\\000\\377\\n'") == (0, b"\0\xff\n")
        assert remote.request(b"(exit 7)") == (7, b"")
        assert remote.request(heredoc(b"decode", b"x" * 60_000, nonce)) == (0, b"x" * 60_000)
    finally:
        remote.close()


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_a_request_that_is_cut_is_not_run(shell: str, nonce: str, tmp_path: Path) -> None:
    target, temporary = tmp_path / "target", tmp_path / "temporary"
    target.write_text("old")
    body = heredoc(
        b"{ %b && mv %b %b; }"
        % (call("receive", os.fsencode(temporary)), os.fsencode(temporary), os.fsencode(target)),
        b"new content" * 1000,
        nonce,
    )
    whole = b"{ begin; {\n%b\n} 2>&1; answer 1 $?; }\n" % body
    for length in (len(whole) // 3, len(whole) // 2, len(whole) - len(nonce) - 40):
        process = subprocess.Popen(
            [*shell.split(), "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.communicate(_preamble(setup(nonce)) + whole[:length], timeout=60)
        assert (target.read_text(), sorted(os.listdir(tmp_path))) == (
            "old",
            ["base", "home", "target"][-len(os.listdir(tmp_path)) :],
        )


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_with_its_stdin_all_that_was_started_ends(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell)
    remote.request(start(nonce, 1, "setsid sleep 1000 & sleep 1000 & wait"))
    wait_until(lambda: len(marked(f"{MARK}={nonce}.1.")) >= 3)
    remote.close()
    assert not marked(f"{MARK}={nonce}")


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_what_does_not_end_when_it_is_asked_is_killed_after_its_grace(
    shell: str, nonce: str, resident: Resident
) -> None:
    remote = resident(shell, grace=0.5)
    private = f"/tmp/.sloth-{nonce}"
    remote.request(start(nonce, 1, f'trap "" TERM; echo >{private}/deaf; while :; do sleep 1; done'))
    wait_until(Path(f"{private}/deaf").exists)
    remote.close()  # which does not wait for ever
    wait_until(lambda: not marked(f"{MARK}={nonce}"))


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_everything_ends_though_no_file_can_be_written(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell, period=1)
    remote.request(start(nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(nonce))
    remote.request(b'mkdir "$private/ending" "$private/1.k"')  # in the way of what it writes there
    remote.close()
    wait_until(lambda: not marked(f"{MARK}={nonce}"))


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes two users")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_a_peer_of_another_user_is_not_taken_to_be_gone(shell: str, nonce: str, resident: Resident) -> None:
    become = f"exec setpriv --reuid=65534 --regid=65534 --clear-groups {shell} -s"
    remote = resident(shell, ["sh", "-c", become], period=1, peer=os.getpid())
    # The watch looks for it several times meanwhile.
    assert remote.request(b"sleep 3; echo done") == (0, b"done\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes a user who has no other process")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_everything_ends_though_no_process_can_be_started(shell: str, nonce: str, resident: Resident) -> None:
    user = 64000 + os.getpid() % 1000
    become = f"ulimit -u 20; exec setpriv --reuid={user} --regid={user} --clear-groups {shell} -s"
    remote = resident(shell, ["sh", "-c", become], period=1, grace=0.5)
    deaf = Path(f"/tmp/.sloth-{nonce}/deaf")
    remote.request(start(nonce, 1, f'trap "" TERM; echo >{deaf}; while :; do :; done'))
    wait_until(deaf.exists)
    others = [subprocess.Popen(["sleep", "1000"], user=user) for _ in range(20)]
    try:
        remote.close()
        wait_until(lambda: not marked(f"{MARK}={nonce}"))
    finally:
        for other in others:
            other.kill()
            other.wait()
    shutil.rmtree(deaf.parent, ignore_errors=True)  # what removes it could not be started


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_the_end_of_a_request_is_not_taken_for_its_begin(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell, period=1)
    watch = int(remote.request(b'printf %s "$watch"').text)
    os.kill(watch, signal.SIGSTOP)  # as on a machine that is too busy to let it run
    asking = threading.Thread(target=remote.request, args=(b":",))
    asking.start()
    try:
        asking.join(0.5)
    finally:
        os.kill(watch, signal.SIGCONT)
    asking.join()
    remote._over.set()  # no heartbeat from now on
    assert remote._process.wait(A_MINUTE) == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{watch}").exists())


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_if_it_is_killed_while_it_ends_everything_the_watch_goes_on(
    shell: str, nonce: str, resident: Resident
) -> None:
    remote = resident(shell, period=1, grace=60.0)
    remote.request(
        start(nonce, 1, f'trap "touch /tmp/.sloth-{nonce}/asked" TERM; while :; do sleep 0.1; done')
    )
    wait_until(lambda: has_begun(nonce))
    closing = threading.Thread(target=remote.close)
    closing.start()
    wait_until(lambda: Path(f"/tmp/.sloth-{nonce}/asked").exists())
    os.kill(remote.group, signal.SIGKILL)
    closing.join()
    assert marked(f"{MARK}={nonce}.1.")  # its grace is not over
    for pid in marked(f"{MARK}={nonce}.1."):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/tmp/.sloth-{nonce}").exists())


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_each_process_is_asked_once(shell: str, nonce: str, resident: Resident, tmp_path: Path) -> None:
    log = tmp_path / "log"
    remote = resident(shell)
    remote.request(
        start(
            nonce,
            1,
            f'trap "echo asked >>{log}; sleep 1; exit" TERM; echo up >>{log}; while :; do sleep 0.05; done',
        )
    )
    wait_until(lambda: log.exists() and log.read_text())
    remote.close()
    assert log.read_text() == "up\nasked\n"


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_if_it_is_killed_the_watch_ends_everything(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell, period=1)
    remote.request(start(nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(nonce))
    os.kill(remote.group, signal.SIGKILL)
    wait_until(lambda: not marked(f"{MARK}={nonce}"))
    with pytest.raises(ShellLost):
        remote.request(b":")
    remote.close()


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_if_nothing_comes_any_more_everything_ends(shell: str, nonce: str) -> None:
    process = subprocess.Popen([*shell.split(), "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_preamble(setup(nonce, period=1)))
    process.stdin.flush()
    assert b"ready" in process.stdout.readline() + process.stdout.readline()
    process.stdin.write(b"{ begin; {\n%b\n}; answer 1 $?; }\n" % start(nonce, 1, "setsid sleep 1000"))
    process.stdin.flush()
    wait_until(lambda: has_begun(nonce))
    assert process.wait(60) == -signal.SIGKILL  # its stdin is still open
    wait_until(lambda: not marked(f"{MARK}={nonce}"))
    process.stdin.close()
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_a_long_request_is_not_taken_for_silence(shell: str, nonce: str, resident: Resident) -> None:
    remote = resident(shell, period=1)
    try:
        assert remote.request(b"sleep 5; echo done") == (0, b"done\n")
    finally:
        remote.close()


@pytest.mark.parametrize("shell", SHELLS_HERE)
def test_if_its_peer_is_gone_everything_ends_though_it_is_busy(
    shell: str, nonce: str, resident: Resident
) -> None:
    peer = subprocess.Popen(["sleep", "1000"])
    remote = resident(shell, period=1, peer=peer.pid)
    remote.request(start(nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(nonce))
    peer.kill()  # and is not reaped yet
    with pytest.raises(ShellLost):
        remote.request(b"sleep 1000")
    peer.wait()
    wait_until(lambda: not marked(f"{MARK}={nonce}"))
    remote.close()
