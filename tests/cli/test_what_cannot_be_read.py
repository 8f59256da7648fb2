"""What cannot be read is never shown as empty, and never as it was not committed."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.sqlite.engine import opening
from tests.cli.support import piped
from tests.store.sqlite.others import files_of, make_ours
from tests.store.unprivileged import NOBODY, run_unprivileged
from tests.store.unreadable import EMPTIED, leave_a_hot_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READS: list[tuple[str, ...]] = [
    ("state", "get", "key"),
    ("state", "list", "-o", "json"),
    ("state", "list"),
    ("state", "show", "key"),
    ("state", "stats"),
    ("state", "history", "key"),
    ("state", "log"),
    ("lock", "list"),
    ("state", "list", "--agent", "other"),
    ("agents",),
]
WRITES: list[tuple[str, ...]] = [
    ("state", "set", "key", "value"),
    ("state", "delete", "key", "--yes"),
    ("lock", "acquire", "deploy", "--holder", "me", "--ttl", "5"),
]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    """A base directory that users without privileges can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="sloth-test-") as directory:
        os.chmod(directory, 0o755)
        base = Path(directory) / "base"
        make_ours(base / "state" / "local.db")
        make_ours(base / "state" / "other.db")
        for path in (base, base / "state"):
            path.chmod(0o755)
        yield base
        for path in (base, base / "state"):
            path.chmod(0o755)


def given_away(base: Path) -> None:
    """Have all of it belong to who will run the command."""
    if os.getuid() == 0:
        for path in (base, *base.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


@pytest.mark.slow
def test_a_directory_that_may_not_be_searched_is_told(shared: Path) -> None:
    given_away(shared)
    closed = {}
    for mode, place in itertools.product([0o000, 0o600], ["state", ""]):
        base = shared.with_name(f"{mode:o}-{place}")
        shutil.copytree(shared, base)
        given_away(base)
        closed[base] = base / place, mode
    for directory, mode in closed.values():
        directory.chmod(mode)
    commands = list(itertools.product(closed, READS + WRITES))
    ends = run_unprivileged(commands)
    for directory, _ in closed.values():
        directory.chmod(0o700)
    for (base, words), done in zip(commands, ends, strict=True):
        assert (done.code, done.out) == (7, ""), (base, words)
        message, hint = done.err.splitlines()
        assert message.startswith(f"error: {base}/"), words
        assert message.endswith(": permission denied"), words
        assert hint == "hint: check the permissions of the directories above it", words


def a_file(state: Path) -> str:
    state.write_text("")
    return "not a directory"


def a_loop(state: Path) -> str:
    state.symlink_to("state")
    return "too many levels of symbolic links"


def a_link_to_what_is_not_mounted(state: Path) -> str:
    state.symlink_to("../nowhere/mounted")
    return "a symbolic link to nothing"


@pytest.mark.parametrize("words", READS + WRITES, ids=" ".join)
@pytest.mark.parametrize("make", [a_file, a_loop, a_link_to_what_is_not_mounted])
def test_what_stands_in_the_place_of_the_directory_is_told(
    base: Path, words: tuple[str, ...], make: object
) -> None:
    base.mkdir()
    assert callable(make)
    complaint = make(base / "state")
    done = piped(*words)
    assert (done.code, done.out) == (7, "")
    message, hint = done.err.splitlines()
    assert message.startswith(f"error: {base}/state")
    assert message.endswith(f": {complaint}")
    assert hint.startswith("hint: ")
    assert not (base.parent / "nowhere").exists()


def test_a_base_directory_that_is_a_file_is_told(base: Path) -> None:
    base.write_text("")
    done = piped("state", "list", "-o", "json")
    assert (done.code, done.out) == (7, "")
    assert done.err.splitlines()[0].endswith(": not a directory")


def test_a_name_too_long_for_the_disk_is_told(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base.mkdir()
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(base / ("x" * 300)))
    done = piped("state", "list", "-o", "json")
    assert (done.code, done.out) == (7, "")
    assert done.err.splitlines()[0].endswith(": file name too long")


def test_a_run_in_a_store_that_cannot_be_read_says_so(base: Path, tmp_path: Path) -> None:
    base.mkdir()
    a_file(base / "state")
    tasks = tmp_path / "tasks.lua"
    tasks.write_text('task({name = "t", run = function() if not state.exists("k") then print("!") end end})')
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", "run", str(tasks)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 20
    assert "!" not in done.stdout
    assert f"state.exists: {base}/state/local.db: not a directory" in done.stdout
    assert done.stderr == "error: 1 task failed\n"


@pytest.mark.slow
def test_what_was_never_committed_is_not_shown(shared: Path, tmp_path: Path) -> None:
    left = leave_a_hot_journal(shared / "state" / "local.db", tmp_path)
    before = {}
    for file_mode, directory_mode in itertools.product([0o444, 0o644], [0o555, 0o777]):
        path = shared.with_name(f"{file_mode:o}-{directory_mode:o}") / "state" / "local.db"
        shutil.copytree(left.parent, path.parent)
        for file in path.parent.glob("local.db*"):
            file.chmod(file_mode)
        path.parent.chmod(directory_mode)
        before[path] = files_of(path)
    ends = run_unprivileged([(path.parents[1], ["state", "list"]) for path in before])
    after = {path: files_of(path) for path in before}
    for path, done in zip(before, ends, strict=True):
        path.parent.chmod(0o755)
        assert (done.code, done.out) == (7, ""), path
        message, hint = done.err.splitlines()[-2:]
        assert message == f"error: {path}: cannot be read"
        assert hint == "hint: a writer left it half written: to read it as who may write there puts it right"
    assert after == before


@pytest.mark.slow
def test_who_may_write_puts_right_what_a_crash_left(shared: Path, tmp_path: Path) -> None:
    path = leave_a_hot_journal(shared / "state" / "local.db", tmp_path)
    given_away(shared)
    (done,) = run_unprivileged([(shared, ["state", "list", "-o", "json"])])
    assert done.code == 0
    assert '"old' in done.out
    assert "new" not in done.out
    assert not path.with_name("local.db-journal").exists()


@pytest.mark.slow
def test_a_journal_that_is_done_with_stands_in_nobodys_way(shared: Path) -> None:
    directory = shared / "state"
    for agent, content in {"local": b"", "other": bytes(28) + b"what was played back"}.items():
        (directory / f"{agent}.db-journal").write_bytes(content)
    for file in directory.iterdir():
        file.chmod(0o444)
    directory.chmod(0o555)
    words = ["state", "get", "key", "--agent"]
    ends = run_unprivileged([(shared, [*words, "local"]), (shared, [*words, "other"])])
    assert ends == [(0, "value\n", "")] * 2


def test_a_hard_link_is_refused_and_left_alone(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_NAME_CHECKS", 2)  # it waits for a second name to go
    make_ours(base / "state" / "local.db")
    os.link(base / "state" / "local.db", base / "state" / "second.db")
    before = files_of(base / "state" / "second.db")
    for words, agent in itertools.product([*READS[:-2], *WRITES], ("local", "second")):
        done = piped(*words, "--agent", agent)
        assert (done.code, done.out) == (7, ""), words
        message, hint = done.err.splitlines()
        assert message.startswith(f"error: {base}/state/{agent}.db: a hard link"), words
        assert hint.startswith("hint: copy it"), words
    assert files_of(base / "state" / "second.db") == before
    assert sorted(file.name for file in (base / "state").iterdir()) == ["local.db", "second.db"]


def test_a_second_name_that_is_gone_in_a_moment_is_waited_for(base: Path) -> None:
    """A copy has two names while it is put in its place."""
    path = base / "state" / "local.db"
    make_ours(path)
    os.link(path, path.with_name("partial"))
    script = f"import os, time; time.sleep(0.02); os.unlink({str(path.with_name('partial'))!r})"
    with subprocess.Popen([sys.executable, "-S", "-c", script]):
        while True:
            done = piped("state", "get", "key")
            if done.code == 0 or not path.with_name("partial").exists():
                break
    assert piped("state", "get", "key").out == "value\n"


@pytest.mark.parametrize("words", [*READS[:-2], *WRITES], ids=" ".join)
@pytest.mark.parametrize("empty", EMPTIED)
def test_a_database_that_lost_its_content_is_damaged(
    base: Path, words: tuple[str, ...], empty: Callable[[Path], None]
) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    empty(path)
    before = files_of(path)
    done = piped(*words)
    assert (done.code, done.out) == (7, "")
    message, hint = done.err.splitlines()
    assert message.startswith(f"error: {path}: damaged: it is empty, and local.db-")
    assert hint.startswith("hint: state doctor --repair rescues what can be read, or state restore a backup")
    assert files_of(path) == before


@pytest.mark.parametrize("journal", [None, b"", bytes(20) + (512).to_bytes(4, "big") + bytes(4)])
def test_what_a_first_write_leaves_that_was_killed_is_usable(base: Path, journal: bytes | None) -> None:
    path = base / "state" / "local.db"
    path.parent.mkdir(parents=True)
    path.touch()
    if journal is not None:
        path.with_name("local.db-journal").write_bytes(journal)
    assert piped("state", "list", "-o", "json")[:2] == (0, b"{}\n")
    assert piped("state", "set", "key", "value").code == 0
    assert piped("state", "get", "key").out == "value\n"
    shutil.rmtree(base)
