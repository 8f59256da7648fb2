"""What a full disk does to a command: what can be done is done, the rest is told and leaves nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import NotWritable
from sloth_tui.store import open_agents
from tests.cli.support import piped
from tests.store.small_disk import small_disk
from tests.store.sqlite.others import make_ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.small_disk import Disk

FIRST_WRITES: list[tuple[str, ...]] = [
    ("state", "set", "key", "value"),
    ("state", "increment", "key"),
    ("lock", "acquire", "deploy", "--holder", "me", "--ttl", "5"),
]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The base directory is ``base`` on it."""
    with small_disk() as disk:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(disk.root / "base"))
        yield disk


def names_on(disk: Disk) -> list[str]:
    return sorted(str(path.relative_to(disk.root)) for path in disk.root.rglob("*") if path.name != "ballast")


@pytest.mark.parametrize("words", FIRST_WRITES, ids=" ".join)
@pytest.mark.parametrize("room", [0, 4096, 8192, 16384, 40960, 65536, 131072])
def test_a_first_write_that_has_no_room_leaves_nothing(disk: Disk, words: tuple[str, ...], room: int) -> None:
    disk.fill(but=room)
    done = piped(*words)
    if done.code == 0:
        assert room >= 65536
        return
    assert (done.code, done.out) == (8, "")
    assert len(done.err.splitlines()) == 2
    assert names_on(disk) == []


def test_a_value_that_does_not_fit_leaves_no_agent(disk: Disk, tmp_path: Path) -> None:
    """There is room for an empty database, and none for what was to be the first entry of it."""
    (disk.root / "base").mkdir()
    disk.fill(but=300_000)
    large = tmp_path / "large"
    large.write_text("x" * 500_000)
    done = piped("state", "set", "key", "-", "--agent", "new", stdin=large.read_bytes())
    assert (done.code, done.out) == (8, "")
    assert names_on(disk) == ["base"]
    assert piped("agents", "-o", "keys").out == "local\n"


def test_what_is_there_is_kept_by_a_first_write_of_somebody_else(disk: Disk) -> None:
    make_ours(disk.root / "base" / "state" / "local.db")
    disk.fill()
    assert piped("state", "set", "key", "value", "--agent", "other").code == 8
    assert names_on(disk) == ["base", "base/state", "base/state/local.db"]


READS: list[tuple[tuple[str, ...], str]] = [
    (("state", "get", "key"), "value\n"),
    (("state", "list", "-o", "keys"), "key\n"),
    (("state", "list", "-o", "json"), '{\n  "key": "value"\n}\n'),
    (("lock", "list", "-o", "keys"), ""),
    (("agents", "-o", "keys"), "local\n"),
]


@pytest.mark.parametrize(("words", "shown"), READS)
def test_what_is_on_a_full_disk_is_read(disk: Disk, words: tuple[str, ...], shown: str) -> None:
    make_ours(disk.root / "base" / "state" / "local.db")
    disk.fill()
    done = piped(*words)
    assert (done.code, done.out, done.err) == (0, shown, "")
    assert names_on(disk) == ["base", "base/state", "base/state/local.db"]


CRASHED_WRITER = """
import os, sys
from sloth_tui.store import open_store
store = open_store("local", "write")
store.set("key", "newer" * int(sys.argv[1]))
os._exit(0)
"""


@pytest.mark.parametrize(("times", "fits"), [(1, True), (10_000, False)])
def test_a_log_on_a_full_disk_is_read_or_cannot_be_read(disk: Disk, times: int, fits: bool) -> None:
    """What the log holds can be brought into the database as long as that need not grow."""
    path = disk.root / "base" / "state" / "local.db"
    make_ours(path)
    subprocess.run([sys.executable, "-c", CRASHED_WRITER, str(times)], check=True, timeout=60)
    path.with_name("local.db-shm").unlink()
    disk.fill()
    done = piped("state", "get", "key")
    if fits:
        assert (done.code, done.out, done.err) == (0, "newer\n", "")
    else:
        assert (done.code, done.out) == (7, "")
        assert done.err.splitlines() == [
            f"error: {path}: cannot be read",
            "hint: it has a log, which takes some room to read: make room on that disk",
        ]
    disk.empty()
    assert piped("state", "get", "key").out == "newer" * times + "\n"


@pytest.mark.parametrize(
    "words",
    [
        ("state", "set", "key", "other"),
        ("state", "delete", "key", "--yes"),
        ("state", "clear", "--prefix", "k", "--yes"),
        ("state", "compact", "--keep", "1"),
        ("lock", "acquire", "deploy", "--holder", "me", "--ttl", "5"),
    ],
    ids=" ".join,
)
def test_what_would_free_room_says_why_it_cannot(disk: Disk, words: tuple[str, ...]) -> None:
    path = disk.root / "base" / "state" / "local.db"
    make_ours(path)
    assert piped("state", "set", "key", "value 2").code == 0
    disk.fill()
    done = piped(*words)
    assert (done.code, done.out) == (8, "")
    message, hint = done.err.splitlines()
    assert message in (f"error: {path}: the disk is full", f"error: {path}: cannot be written")
    assert "to delete takes room, too: make some by other means first, then compact" in hint
    disk.empty()
    assert piped("state", "get", "key").out == "value 2\n"
    assert piped(*words).code == 0


def test_a_clear_of_everything_without_room_for_its_backup_says_how_to_do_without(disk: Disk) -> None:
    make_ours(disk.root / "base" / "state" / "local.db")
    disk.fill()
    done = piped("state", "clear", "--yes")
    assert (done.code, done.out) == (8, "")
    message, hint = done.err.splitlines()
    assert message.startswith("error: no backup could be made before: ")
    assert hint == "hint: nothing was changed; backups.keep = 0 in config.toml does without"
    disk.empty()
    assert piped("state", "clear", "--yes").code == 0


def test_a_copy_that_has_no_room_leaves_nothing(disk: Disk) -> None:
    make_ours(disk.root / "base" / "state" / "local.db")
    disk.fill(but=8192)
    with pytest.raises(NotWritable):
        open_agents().duplicate("local", "copy")
    with pytest.raises(NotWritable):
        open_agents().back_up("local")
    assert names_on(disk) == ["base", "base/state", "base/state/local.db"]
