"""``lock run``: what becomes of lock and command, whoever is killed, stopped or goes on for too long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.store import open_store
from tests.support import A_MINUTE, rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Lock

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")]

PROGRAM = [sys.executable, "-m", "sloth_tui"]
TELL = "import os; print(os.environ['SLOTH_LOCK_NAME'], os.environ['SLOTH_LOCK_TOKEN'])"


def run(*words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    arguments: dict[str, object] = {"capture_output": True, "text": True, "timeout": 100, **settings}
    return subprocess.run([*PROGRAM, "lock", "run", *words], **arguments)  # type: ignore[call-overload, no-any-return]


class Running:
    """A ``lock run`` whose command and its child write their numbers and then sleep."""

    def __init__(self, directory: Path, *options: str, script: str = "", name: str = "job") -> None:
        self._told = directory / f"pids-{time.monotonic_ns()}"
        tell = f"echo $$ $! > {self._told}.new; mv {self._told}.new {self._told}"
        text = f"exec 2>/dev/null\n{script}\nsleep 1000 &\n{tell}; wait"
        words = [*PROGRAM, "lock", "run", name, *options, "--", "/bin/sh", "-c", text]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        wait_until(self._told.exists, what="the command to run")
        self.command, self.child = map(int, self._told.read_text().split())
        [self.watchdog] = [pid for pid in children(self.process.pid) if pid != self.command]

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and stderr."""
        _, err = self.process.communicate(timeout=A_MINUTE)
        return self.process.returncode, err

    def is_gone(self) -> bool:
        return not any(is_alive(pid) for pid in (self.command, self.child, self.watchdog))

    def clear(self) -> None:
        for pid in (self.process.pid, self.command, self.child, self.watchdog):
            with suppress(ProcessLookupError):
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
        self.process.communicate()


class Start(Protocol):
    """Starts one; what is left of it is killed after the test."""

    def __call__(self, *options: str, script: str = "", name: str = "job") -> Running: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    made: list[Running] = []

    def started(*options: str, script: str = "", name: str = "job") -> Running:
        made.append(Running(tmp_path, *options, script=script, name=name))
        return made[-1]

    yield started
    for each in made:
        each.clear()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def held(name: str = "job") -> Lock | None:
    with open_store("local") as store:
        return store.lock(name)


# -- the command


def test_a_command_runs_under_a_lock_that_it_knows_and_its_exit_code_is_passed_on() -> None:
    environment = {**os.environ, "SLOTH_RUNNER_RUN": "run-7"}
    script = f'"{sys.executable}" -c "{TELL}"; echo "run: $SLOTH_RUNNER_RUN"; exit 7'
    done = run("deploy", "--", "/bin/sh", "-c", script, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (7, "deploy 1\nrun: \n", "")
    assert held("deploy") is None


def test_the_command_starts_with_what_python_ignores_set_back() -> None:
    done = run("x", "--", "grep", "^SigIgn", "/proc/self/status")
    ignored = int(done.stdout.split()[1], 16)
    # Whoever started the tests may have others ignored, which is his to decide.
    assert not any(ignored >> (number - 1) & 1 for number in (signal.SIGPIPE, signal.SIGXFSZ))


def test_the_command_has_the_signals_blocked_that_its_starter_has() -> None:
    command = ["grep", "^SigBlk", "/proc/self/status"]
    own = subprocess.run(command, capture_output=True, text=True).stdout
    assert run("x", "--", *command).stdout == own


def test_what_cannot_be_run_ends_as_in_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "plain"
    script.write_text("echo $0 $1; kill -9 $$\n")
    script.chmod(0o755)
    for words, code, out, err in (
        (["no-such\x1b[31m"], 127, "", "error: cannot run 'no-such␛[31m': No such file or directory\n"),
        (["/etc/passwd"], 126, "", "error: cannot run '/etc/passwd': Permission denied\n"),
        ([str(script), "a b"], 137, f"{script} a b\n", ""),
    ):
        done = run("x", "--", *words)
        assert (done.returncode, done.stdout, done.stderr) == (code, out, err)
    assert held("x") is None


def test_signals_go_to_the_whole_group_and_the_command_decides(start: Start) -> None:
    running = start(script="trap 'kill $!; exit 42' TERM")
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == (42, "")
    wait_until(running.is_gone)
    assert held() is None


# -- not got, and got in time


def test_a_lock_that_is_not_got_in_time_is_exit_4_or_what_was_asked_for(start: Start) -> None:
    running = start("--holder", "the other")
    refused = run("job", "--", "true")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr.startswith("error: lock 'job' is held by 'the other' for another ")
    late = run("job", "--wait", "0.1", "--conflict-exit-code", "75", "--", "true")
    assert (late.returncode, late.stdout) == (75, "")
    assert late.stderr.startswith("error: lock 'job' is held by 'the other'")
    waiting = subprocess.Popen([*PROGRAM, "lock", "run", "job", "--wait", "100", "--", "true"])
    os.kill(running.command, signal.SIGKILL)
    assert running.ended() == (137, "")
    assert waiting.wait(A_MINUTE) == 0
    os.kill(running.child, signal.SIGKILL)  # what a command leaves behind is its own business


def test_the_same_lock_inside_itself_is_refused_also_with_another_between() -> None:
    inner = [*PROGRAM, "lock", "run", "a", "--wait", "1000", "--", "true"]
    done = run("a", "--", *PROGRAM, "lock", "run", "b", "--", *inner)
    assert (done.returncode, done.stderr) == (
        2,
        "error: lock 'a' is held by a process that waits for this one\n"
        "hint: a lock run inside a lock run of the same name would wait for itself; name another lock\n",
    )
    assert run("a", "--", *PROGRAM, "lock", "run", "b", "--", "true").returncode == 0


# -- kills


@pytest.mark.parametrize("round_number", range(rounds(1, 10)))
def test_if_the_holder_is_killed_its_whole_command_goes_and_the_lock_is_free(
    start: Start, round_number: int
) -> None:
    running = start()
    running.process.kill()
    wait_until(running.is_gone, what="the command to go")
    assert held() is None


def test_if_holder_and_watchdog_are_killed_the_kernel_ends_the_command(start: Start) -> None:
    running = start()
    os.kill(running.watchdog, signal.SIGSTOP)  # it sees nothing of what follows
    running.process.kill()
    wait_until(lambda: not is_alive(running.command))
    assert held() is None


def test_a_killed_watchdog_is_replaced(start: Start) -> None:
    running = start()
    os.kill(running.watchdog, signal.SIGKILL)
    wait_until(
        lambda: set(children(running.process.pid)) - {running.command, running.watchdog},
        what="another watchdog",
    )
    running.process.kill()
    wait_until(running.is_gone)


def test_a_process_that_is_killed_while_it_waits_leaves_nothing(start: Start) -> None:
    running = start()
    waiting = subprocess.Popen([*PROGRAM, "lock", "run", "job", "--wait", "100", "--", "true"])
    wait_until(lambda: len(children(waiting.pid)) == 2)
    both = children(waiting.pid)
    waiting.kill()
    waiting.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in both))
    assert held() is not None
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == (143, "")


# -- lost


def test_a_broken_lock_ends_the_command_and_what_ignores_sigterm_is_killed(start: Start) -> None:
    running = start("--grace", "0.2", script="trap '' TERM")
    with open_store("local", "write") as store:
        store.break_lock("job")
    assert running.ended() == (6, "error: lock 'job' lost: it is not held\nhint: the command was ended\n")
    wait_until(running.is_gone)


def test_a_lock_that_runs_out_while_the_command_ends_is_lost(tmp_path: Path) -> None:
    """The holder stands still, the watchdog too, and the command ends by itself without the lock."""
    running = Running(tmp_path, "--ttl", "0.5", script="trap 'exit 0' TERM")
    try:
        for pid in (running.watchdog, running.process.pid):
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: held() is None, what="the lease to run out")
        os.kill(running.child, signal.SIGKILL)
        wait_until(lambda: not is_alive(running.command))
        os.kill(running.process.pid, signal.SIGCONT)
        code, err = running.ended()
        assert (code, err.partition("\n")[0]) == (6, "error: lock 'job' lost: it has expired")
    finally:
        running.clear()


def test_a_holder_that_stands_still_beyond_its_time_has_lost_and_so_has_its_command(
    start: Start,
) -> None:
    running = start("--ttl", "1", "--grace", "0.2")
    os.kill(running.process.pid, signal.SIGSTOP)
    wait_until(lambda: not is_alive(running.command) and not is_alive(running.child))
    with open_store("local", "write") as store:
        taken = store.acquire("job", "another", 100)
    os.kill(running.process.pid, signal.SIGCONT)
    code, err = running.ended()
    assert (code, err.partition("\n")[0]) == (6, "error: lock 'job' lost: it has expired")
    now = held()
    assert now is not None
    assert now.token == taken.token


def test_a_lease_is_renewed_as_long_as_the_command_runs(start: Start) -> None:
    running = start("--ttl", "3")
    first = held()
    assert first is not None
    wait_until(lambda: (now := held()) is not None and now.expires_at > first.expires_at + 2)
    now = held()
    assert now is not None
    assert (now.token, now.ephemeral) == (first.token, True)
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == (143, "")
