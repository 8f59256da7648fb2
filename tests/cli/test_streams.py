"""Standard streams that are closed, full or gone: the exit code is the one documented all the same."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sloth_tui.errors import LockHeld
from sloth_tui.store import open_path, open_store
from tests.support import sweep, wait_until

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-m", "sloth_tui"]
TASKS = """
task({name = "good", run = function() print("said") state.set("ran", true) end})
task({name = "bad", depends_on = "good", run = function() error("no") end})
"""

STREAMS = {
    "stdout closed": ">&-",
    "stdout full": ">/dev/full",
    "stderr closed": "2>&-",
    "stderr full": "2>/dev/full",
    "stdin closed": "<&-",
    "all closed": "<&- >&- 2>&-",
}
_NO_DATA = ("stdout closed", "stdout full", "all closed")
"""Places that data cannot be written to, which is a failure."""

WITH_DATA = {
    "state list": 0,
    "state list -o json": 0,
    "state list -o csv": 0,
    "state show n": 0,
    "state get n": 0,
    "state get n missing": 3,
    "state increment n": 0,
    "state stats": 0,
    "state history n": 0,
    "state diff 1": 0,
    "state rollback --to 1 --dry-run": 0,
    "state log": 0,
    "state undo --dry-run": 0,
    "state watch --since 0 -n 1": 0,
    "state wait n": 0,
    "lock list": 0,
    "lock list --broken": 0,
    "lock acquire free --holder me --ttl 60": 0,
    "run tasks.lua --task good": 0,
    "run tasks.lua --task good -o jsonl": 0,
    "run tasks.lua": 20,
    "run tasks.lua --list": 0,
    "examples": 0,
    "examples show deploy": 0,
    "agents": 0,
    "completion bash": 0,
    "--help": 0,
    "state --help": 0,
    "state list --help": 0,
    "--version": 0,
}
"""Command line -> exit code. Where their data cannot be written, that of a failure."""

WITHOUT_DATA = {
    "": 2,
    "nonsense": 2,
    "tui": 2,
    "state nonsense": 2,
    "state list --output bad": 2,
    "state set n x --type integer": 2,
    "state get missing": 3,
    "state show missing": 3,
    "state delete missing": 3,
    "state history missing": 3,
    "state undo missing": 3,
    "state list --agent missing": 3,
    "lock break missing": 3,
    "lock acquire held --holder me --ttl 60": 4,
    "state wait missing --timeout 0": 4,
    "state set n x --if-absent": 5,
    "state increment word": 5,
    "lock release held --holder me": 6,
    "state list --agent broken": 7,
    "state delete n": 9,
    "state clear": 9,
    "state rollback --to 1": 9,
    "state set word other": 0,
    "state delete word --yes": 0,
    "state clear --prefix nothing": 0,
    "state rollback --to 1 --yes": 0,
    "state undo": 0,
    "state compact": 0,
    "lock release held --holder somebody": 0,
    "lock break held": 0,
}
"""Command line -> exit code, whatever becomes of what they say."""


def tried(commands: dict[str, int], share: int) -> list[tuple[str, str]]:
    """Each command with each kind of streams, or one pair in ``share``: all commands, and all kinds."""
    pairs = list(itertools.product(enumerate(commands), enumerate(STREAMS)))
    tells = [(words, streams) for (one, words), (two, streams) in pairs if (one + two) % share == 0]
    return sweep(itertools.product(commands, STREAMS), tells)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test has a copy of."""
    directory = tmp_path_factory.mktemp("filled") / "state"
    with open_path(str(directory / "local.db"), "write") as store:
        store.set("word", "hello")
        store.set("n", 41)
        store.set("n", 42)
        store.acquire("held", "somebody", 3600)
    (directory / "broken.db").write_bytes(b"no database, whatever else it is" * 200)
    return directory


@pytest.fixture
def filled(state: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(state, base / "state")
    (tmp_path / "tasks.lua").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    return base


def shell(words: str, redirection: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a shell starts it; streams that are not redirected are pipes."""
    line = f'exec "$@" {redirection}'
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", *PROGRAM, *words.split()], input=b"", capture_output=True, timeout=60
    )


@pytest.mark.parametrize(("words", "streams"), tried(WITH_DATA, 6))
def test_data_that_cannot_be_written_is_exit_1_and_nothing_else_is(
    words: str, streams: str, filled: Path
) -> None:
    done = shell(words, STREAMS[streams])
    # Of two failures the one that came first is told: what was asked for is not there.
    lost = streams in _NO_DATA and words != "state get n missing"
    lost = lost and words != "lock list --broken"  # there are none, so nothing is lost
    assert done.returncode == (1 if lost else WITH_DATA[words]), done.stderr
    if lost and streams != "all closed":
        assert done.stderr.startswith(b"error: cannot write the output: ")


@pytest.mark.parametrize(("words", "streams"), tried(WITHOUT_DATA, 6))
def test_what_is_only_said_never_changes_the_exit_code(words: str, streams: str, filled: Path) -> None:
    assert shell(words, STREAMS[streams]).returncode == WITHOUT_DATA[words]


@pytest.mark.parametrize(
    ("redirection", "message"),
    [(">&-", "stdout is closed"), (">/dev/full", "No space left on device")],
)
def test_a_lock_whose_token_cannot_be_told_is_not_kept(redirection: str, message: str, filled: Path) -> None:
    done = shell("lock acquire free --holder me --ttl 600", redirection)
    assert done.stderr.decode() == (
        f"error: cannot write the output: {message}\n"
        "hint: the lock was released: its token could not be printed\n"
    )
    assert done.returncode == 1
    with open_store("local", "write") as store:
        assert [lock.name for lock in store.locks()] == ["held"]
        store.acquire("free", "another", 1)


def test_a_lock_whose_token_nobody_reads_is_given_back(filled: Path) -> None:
    done = with_a_reader_that_went_away("lock", "acquire", "free", "--holder", "me", "--ttl", "600")
    assert done.stderr.decode() == (
        "error: cannot write the output: its reader went away\n"
        "hint: the lock was released: its token could not be printed\n"
    )
    assert done.returncode == 1
    with open_store("local", "write") as store:
        assert [lock.name for lock in store.locks()] == ["held"]
        with pytest.raises(LockHeld):
            store.acquire("held", "me", 1)


@pytest.mark.parametrize("reader", ["full", "gone"])
def test_a_sum_that_cannot_be_told_is_kept_and_said(reader: str, filled: Path) -> None:
    if reader == "full":
        why, done = "No space left on device", shell("state increment n", ">/dev/full")
    else:
        why, done = "its reader went away", with_a_reader_that_went_away("state", "increment", "n")
    assert done.stderr.decode() == (
        f"error: cannot write the output: {why}\n"
        "hint: 'n' was changed all the same and is 43; adding again would add twice\n"
    )
    assert done.returncode == 1
    assert shell("state get n", "").stdout == b"43\n"


def test_nothing_is_added_where_it_is_clear_that_the_sum_cannot_be_told(filled: Path) -> None:
    done = shell("state increment n", ">&-")
    assert done.stderr.decode() == (
        "error: cannot write the output: stdout is closed\n"
        "hint: nothing was added: the sum could not be told\n"
    )
    assert done.returncode == 1
    assert shell("state get n", "").stdout == b"42\n"


def test_a_run_that_nobody_can_follow_does_not_begin(filled: Path) -> None:
    done = shell("run tasks.lua", ">&-")
    assert done.stderr.decode() == (
        "error: cannot write the output: stdout is closed\n"
        "hint: nothing was run: a run without output would be stopped\n"
    )
    assert (done.returncode, shell("state get ran", "").returncode) == (1, 3)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("run none.lua", "'none.lua': no such file"),
        ("run tasks.lua --task none", "no task is called 'none'"),
        ("run tasks.lua --values none.yaml", "values file 'none.yaml': No such file or directory"),
    ],
    ids=["file", "task", "values"],
)
def test_what_is_wrong_with_a_request_is_told_before_that_stdout_is_closed(
    words: str, error: str, filled: Path
) -> None:
    done = shell(words, ">&-")
    assert done.stderr.decode().splitlines()[0] == f"error: {error}"
    assert done.returncode == 2


def test_a_run_whose_output_is_lost_is_stopped(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "long.lua").write_text(
        'task({name = "t", run = function() while true do print("x") end end})'
    )
    done = shell("run long.lua", ">/dev/full")
    assert done.stderr == b"error: cannot write the output: No space left on device; the run was stopped\n"
    assert done.returncode == 1


def test_a_run_goes_on_without_anybody_to_complain_to(filled: Path) -> None:
    done = shell("run tasks.lua", "2>&-")
    assert b"  said\n" in done.stdout
    assert done.returncode == 20


@pytest.mark.parametrize("words", ["state list", "state get n", "--help", "examples", "state log"])
def test_a_reader_that_went_away_is_no_failure(words: str, filled: Path) -> None:
    done = with_a_reader_that_went_away(*words.split())
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at descriptors by procfs")
def test_no_file_of_ours_takes_the_place_of_a_closed_stream(filled: Path) -> None:
    line = 'exec "$@" <&- >&- 2>&-'
    waiting = ["state", "wait", "never", "--timeout", "60"]
    process = subprocess.Popen(["/bin/sh", "-c", line, "sh", *PROGRAM, *waiting])
    try:
        places = Path(f"/proc/{process.pid}/fd")
        wait_until(
            lambda: any(_target(one).endswith("local.db") for one in places.iterdir()),
            seconds=60,
            what="opening the database",
        )
        assert [_target(places / str(number)) for number in range(3)] == [os.devnull] * 3
    finally:
        process.kill()
        process.wait()


def test_a_slow_reader_that_does_not_block_gets_everything(filled: Path) -> None:
    value = "v" * 500_000
    with open_store("local", "write") as store:
        store.set("long", value)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen(
        [*PROGRAM, "state", "get", "long"], stdout=writer, stderr=subprocess.PIPE
    ) as process:
        os.close(writer)
        with open(reader, "rb") as arrived:
            assert arrived.read() == value.encode() + b"\n"
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def with_a_reader_that_went_away(*words: str) -> subprocess.CompletedProcess[bytes]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run([*PROGRAM, *words], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(writer)


def _target(place: Path) -> str:
    try:
        return str(place.readlink())
    except FileNotFoundError:
        return ""
