"""The resident shell, under every shell that may be /bin/sh, without ssh between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from sloth_tui.runner.hosts.ssh.remote_shell import ShellLost, _preamble
from sloth_tui.runner.hosts.ssh.requests import call, heredoc
from sloth_tui.runner.processes import read_process
from tests.runner.hosts.ssh.shells import MARK, Trial, has_begun, in_each_shell, kill, setup, start
from tests.ssh import marked
from tests.support import A_MINUTE, wait_until

_TWENTY = "n=20; while [ $n -gt 0 ]; do sleep 1000 & n=$((n - 1)); done; echo started; wait"


@in_each_shell
def test_it_answers_with_output_and_status(trial: Trial) -> None:
    remote = trial.resident()
    try:
        assert remote.request(b"printf a; printf b >&2; false") == (1, b"ab")
        assert remote.request(b"printf '\\000\\377\\n'") == (0, b"\0\xff\n")
        assert remote.request(b"(exit 7)") == (7, b"")
        assert remote.request(heredoc(b"decode", b"x" * 60_000, trial.nonce)) == (0, b"x" * 60_000)
    finally:
        remote.close()


@in_each_shell
def test_a_request_that_is_cut_is_not_run(trial: Trial) -> None:
    target, temporary = trial.directory / "target", trial.directory / "temporary"
    target.write_text("old")
    body = heredoc(
        b"{ %b && mv %b %b; }"
        % (call("receive", os.fsencode(temporary)), os.fsencode(temporary), os.fsencode(target)),
        b"new content" * 1000,
        trial.nonce,
    )
    whole = b"{ begin; {\n%b\n} 2>&1; answer 1 $?; }\n" % body
    for length in (len(whole) // 3, len(whole) // 2, len(whole) - len(trial.nonce) - 40):
        process = subprocess.Popen(
            [*trial.shell.split(), "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.communicate(_preamble(setup(trial.nonce)) + whole[:length], timeout=60)
        assert (target.read_text(), os.listdir(trial.directory)) == ("old", ["target"])


@pytest.mark.slow
@in_each_shell
def test_with_its_stdin_all_that_was_started_ends(trial: Trial) -> None:
    remote = trial.resident()
    remote.request(start(trial.nonce, 1, "setsid sleep 1000 & sleep 1000 & wait"))
    wait_until(lambda: len(marked(f"{MARK}={trial.nonce}.1.")) >= 3)
    remote.close()
    assert not marked(f"{MARK}={trial.nonce}")


@pytest.mark.slow
@in_each_shell
def test_what_has_lost_the_mark_ends_with_its_group(trial: Trial) -> None:
    remote = trial.resident()
    pid = trial.directory / "pid"
    text = f'env -i sh -c "echo \\$\\$ >{pid}; exec sleep 1000" & wait'
    remote.request(start(trial.nonce, 1, text))
    wait_until(lambda: pid.exists() and pid.read_text())
    remote.close()
    assert read_process(int(pid.read_text())) is None


@pytest.mark.slow
@in_each_shell
def test_what_does_not_end_when_it_is_asked_is_killed_after_its_grace(trial: Trial) -> None:
    remote = trial.resident(grace=0.5)
    private = f"/tmp/.sloth-{trial.nonce}"
    remote.request(start(trial.nonce, 1, f'trap "" TERM; echo >{private}/deaf; while :; do sleep 1; done'))
    wait_until(Path(f"{private}/deaf").exists)
    remote.close()  # which does not wait for ever
    wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))


@pytest.mark.slow
@in_each_shell
def test_everything_ends_though_no_file_can_be_written(trial: Trial) -> None:
    remote = trial.resident(period=1)
    remote.request(start(trial.nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(trial.nonce))
    remote.request(b'mkdir "$private/ending" "$private/1.k"')  # in the way of what it writes there
    remote.close()
    wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes two users")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
@pytest.mark.slow
@in_each_shell
def test_a_peer_of_another_user_is_not_taken_to_be_gone(trial: Trial) -> None:
    become = f"exec setpriv --reuid=65534 --regid=65534 --clear-groups {trial.shell} -s"
    remote = trial.resident(["sh", "-c", become], period=1, peer=os.getpid())
    # The watch looks for it several times meanwhile.
    assert remote.request(b"sleep 2.5; echo done") == (0, b"done\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes a user who has no other process")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
@pytest.mark.slow
@in_each_shell
def test_everything_ends_though_no_process_can_be_started(trial: Trial) -> None:
    user = 64000 + (3 * os.getpid() + trial.number) % 1500
    become = f"ulimit -u 20; exec setpriv --reuid={user} --regid={user} --clear-groups {trial.shell} -s"
    remote = trial.resident(["sh", "-c", become], period=1, grace=0.5)
    private = f"/tmp/.sloth-{trial.nonce}"
    deaf = Path(f"{private}/deaf")
    wait = f"mkfifo {private}/fifo; exec 9<>{private}/fifo; echo >{deaf}; while :; do read -r line <&9; done"
    remote.request(start(trial.nonce, 1, f'trap "" TERM; {wait}'))
    wait_until(deaf.exists)
    others = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "sh", "-c", _TWENTY]
    with subprocess.Popen(others, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
            remote.close()
            wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    shutil.rmtree(deaf.parent, ignore_errors=True)  # what removes it could not be started


@pytest.mark.slow
@in_each_shell
def test_the_end_of_a_request_is_not_taken_for_its_begin(trial: Trial) -> None:
    remote = trial.resident(period=1)
    watch = int(remote.request(b'printf %s "$watch"').text)
    os.kill(watch, signal.SIGSTOP)  # as on a machine that is too busy to let it run
    asking = threading.Thread(target=remote.request, args=(b":",))
    asking.start()
    try:
        asking.join(0.3)
    finally:
        os.kill(watch, signal.SIGCONT)
    asking.join()
    remote._over.set()  # no heartbeat from now on
    assert remote._process.wait(A_MINUTE) == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{watch}").exists())


@pytest.mark.slow
@in_each_shell
def test_if_it_is_killed_while_it_ends_everything_the_watch_goes_on(trial: Trial) -> None:
    remote = trial.resident(period=1, grace=60.0)
    remote.request(
        start(
            trial.nonce, 1, f'trap "touch /tmp/.sloth-{trial.nonce}/asked" TERM; while :; do sleep 0.1; done'
        )
    )
    wait_until(lambda: has_begun(trial.nonce))
    closing = threading.Thread(target=remote.close)
    closing.start()
    wait_until(lambda: Path(f"/tmp/.sloth-{trial.nonce}/asked").exists())
    os.kill(remote.group, signal.SIGKILL)
    closing.join()
    assert marked(f"{MARK}={trial.nonce}.1.")  # its grace is not over
    kill(marked(f"{MARK}={trial.nonce}.1."))
    wait_until(lambda: not Path(f"/tmp/.sloth-{trial.nonce}").exists())


@pytest.mark.slow
@in_each_shell
def test_each_process_is_asked_once(trial: Trial) -> None:
    log = trial.directory / "log"
    remote = trial.resident()
    remote.request(
        start(
            trial.nonce,
            1,
            f'trap "echo asked >>{log}; sleep 1; exit" TERM; echo up >>{log}; while :; do sleep 0.05; done',
        )
    )
    wait_until(lambda: log.exists() and log.read_text())
    remote.close()
    assert log.read_text() == "up\nasked\n"


@pytest.mark.slow
@in_each_shell
def test_if_it_is_killed_the_watch_ends_everything(trial: Trial) -> None:
    remote = trial.resident(period=1)
    remote.request(start(trial.nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(trial.nonce))
    os.kill(remote.group, signal.SIGKILL)
    wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))
    with pytest.raises(ShellLost):
        remote.request(b":")
    remote.close()


@pytest.mark.slow
@in_each_shell
def test_if_nothing_comes_any_more_everything_ends(trial: Trial) -> None:
    process = subprocess.Popen([*trial.shell.split(), "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_preamble(setup(trial.nonce, period=1)))
    process.stdin.flush()
    assert b"ready" in process.stdout.readline() + process.stdout.readline()
    process.stdin.write(b"{ begin; {\n%b\n}; answer 1 $?; }\n" % start(trial.nonce, 1, "setsid sleep 1000"))
    process.stdin.flush()
    wait_until(lambda: has_begun(trial.nonce))
    assert process.wait(60) == -signal.SIGKILL  # its stdin is still open
    wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))
    process.stdin.close()
    process.stdout.close()


@pytest.mark.slow
@in_each_shell
def test_neither_a_long_request_nor_a_long_rest_is_taken_for_silence(trial: Trial) -> None:
    rests, works = (trial.resident(period=1) for _ in range(2))
    # More than three periods, and the one in which they begin.
    assert works.request(b"sleep 4.5; echo done") == (0, b"done\n")
    assert rests.request(b"echo on") == (0, b"on\n")


@pytest.mark.slow
@in_each_shell
def test_if_its_peer_is_gone_everything_ends_though_it_is_busy(trial: Trial) -> None:
    peer = subprocess.Popen(["sleep", "1000"])
    remote = trial.resident(period=1, peer=peer.pid)
    remote.request(start(trial.nonce, 1, "sleep 1000"))
    wait_until(lambda: has_begun(trial.nonce))
    peer.kill()  # and is not reaped yet
    with pytest.raises(ShellLost):
        remote.request(b"sleep 1000")
    peer.wait()
    wait_until(lambda: not marked(f"{MARK}={trial.nonce}"))
    remote.close()
