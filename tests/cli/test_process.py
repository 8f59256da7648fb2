"""Exit codes, closed pipes, signals and imports, which only a real process can show."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pexpect
import pytest

from sloth_tui.store import open_path, open_store
from tests.support import wait_until

pytestmark = pytest.mark.slow


HEAVY = (
    *("typing", "dataclasses", "enum", "pathlib", "re", "json", "argparse", "subprocess", "logging"),
    *("asyncio", "inspect", "argcomplete", "rich", "textual", "lupa", "jinja2", "yaml", "tomllib"),
)
PROGRAM = [sys.executable, "-m", "sloth_tui"]


def run(*words: str | bytes, **settings: object) -> subprocess.CompletedProcess[bytes]:
    arguments: dict[str, object] = {"capture_output": True, "timeout": 60, **settings}
    return subprocess.run([*PROGRAM, *words], **arguments)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with enough entries that no pipe holds them all."""
    path = tmp_path_factory.mktemp("large") / "local.db"
    with open_path(str(path), "write") as store:
        store.set_many({f"key:{number:06}": "value " * 10 for number in range(5000)})
    return path


@pytest.fixture
def many(large: Path, base: Path) -> int:
    """The number of entries of the agent, which has a copy of that database."""
    (base / "state").mkdir(parents=True)
    shutil.copy(large, base / "state")
    return 5000


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "keys", "table"])
def test_a_reader_that_goes_away_is_no_failure(form: str, many: int) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "state", "list", "-o", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["state list -o json", "state list", "--help", "state get key:000001"])
def test_a_full_disk_behind_stdout_is_one_line_and_exit_1(words: str, unbuffered: str, many: int) -> None:
    with open("/dev/full", "wb") as full:
        done = run(
            *words.split(),
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.stderr == b"error: cannot write the output: No space left on device\n"
    assert done.returncode == 1


def test_a_closed_stdout_is_one_line_and_exit_1(many: int) -> None:
    command = " ".join([*PROGRAM, "state get key:000001 >&-"])
    done = subprocess.run(["/bin/sh", "-c", command], stderr=subprocess.PIPE)
    assert done.stderr == b"error: cannot write the output: stdout is closed\n"
    assert done.returncode == 1


def test_everything_arrives_in_a_slow_pipe(many: int) -> None:
    for unbuffered in ("", "1"):
        done = run("state", "list", "-o", "json", env={**os.environ, "PYTHONUNBUFFERED": unbuffered})
        assert len(json.loads(done.stdout)) == many


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells by procfs how far the process is")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_waiting_for_a_lock(number: int, code: int) -> None:
    with open_store("local", "write") as store:
        store.acquire("busy", "somebody", 60)
    words = ["lock", "acquire", "busy", "--holder", "me", "--ttl", "5", "--wait", "50"]
    process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: _has_opened_a_database(process.pid), what="waiting for the lock")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    # A process that a signal ended reads as 143 in a shell.
    assert (process.returncode, out) == (code, b"")
    assert err == (b"error: interrupted\n" if code == 130 else b"")


def _has_opened_a_database(pid: int) -> bool:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        # What it reads while it starts may be closed again by now.
        with contextlib.suppress(FileNotFoundError):
            if entry.readlink().name == "local.db":
                return True
    return False


def test_piped_reading_has_imported_nothing_heavy(many: int) -> None:
    commands = ["get", "key:000001"], ["list", "-o", "json"], ["list", "key:0000", "-o", "keys"]
    script = (
        "import sys; from sloth_tui.cli import main;"
        f"codes = [main(['state', *words]) for words in {commands!r}];"
        f"print(codes, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "[0, 0, 0] []\n"


def test_a_piped_table_needs_no_rich(many: int) -> None:
    commands = ["state", "list", "key:00000"], ["state", "stats"], ["lock", "list"], ["agents"]
    script = (
        f"import sys; from sloth_tui.cli import main; codes = [main(words) for words in {commands!r}];"
        "print(codes, [name for name in ('rich', 'textual', 'lupa', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.endswith("\n[0, 0, 0, 0] []\n"), done


def test_both_names_are_installed_and_run_the_same_program() -> None:
    for name in ("sloth-runner", "sloth-tui"):
        done = subprocess.run([Path(sys.executable).parent / name, "--version"], capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"sloth-runner ")


def test_a_writer_of_one_process_is_read_by_the_next() -> None:
    assert run("state", "set", "a", "1", "--type", "integer").returncode == 0
    assert run("state", "increment", "a", "41").stdout == b"42\n"
    assert run("state", "get", "a").stdout == b"42\n"


def test_counters_of_many_processes_lose_nothing() -> None:
    workers = [
        threading.Thread(target=lambda: [run("state", "increment", "n") for _ in range(3)]) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert run("state", "get", "n").stdout == b"12\n"


def on_a_pty(*words: str) -> pexpect.spawn[str]:
    program, *arguments = [*PROGRAM, *words]
    child = pexpect.spawn(program, arguments, dimensions=(30, 100), encoding="utf-8", timeout=60)
    child.delaybeforesend = None
    return child


@pytest.mark.parametrize(("answer", "code"), [("y\r", 0), ("\r", 9), ("n\r", 9), ("\x04", 9), ("\x03", 130)])
def test_a_person_is_asked_before_anything_is_deleted(answer: str, code: int) -> None:
    with open_store("local", "write") as store:
        store.set("a", "1")
    child = on_a_pty("state", "delete", "a")
    child.expect_exact("Delete 1 key of agent 'local': a? [y/N] ")
    child.send(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    with open_store("local", "read") as store:
        assert store.exists("a") == (code != 0)


def test_a_pty_of_100_columns_is_filled_and_not_overrun() -> None:
    with open_store("local", "write") as store:
        store.set("long", "v" * 500)
    child = on_a_pty("state", "list")
    child.expect(pexpect.EOF)
    child.close()
    heading, rule, row = re.sub(r"\x1b\[[0-9;]*m", "", str(child.before)).splitlines()
    assert (len(rule), child.exitstatus) == (100, 0)
    assert heading.startswith("KEY")
    assert "more chars" in row
