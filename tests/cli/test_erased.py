"""What was deleted, and history does not keep, is nowhere in the file any more."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery"
KEEP_OPEN = """
import sys
from sloth_tui.store import open_store
with open_store("local") as store:
    store.count()
    print("open", flush=True)
    sys.stdin.read()
"""


def traces(base: Path) -> int:
    """How often the secret stands in the database, its log or what else is there. Read elsewhere, because to
    close the file would take this process's locks away."""
    script = "import pathlib, sys; print(sum(f.read_bytes().count(sys.argv[2].encode()) "
    script += "for f in pathlib.Path(sys.argv[1]).iterdir()))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, str(base / "state"), SECRET],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


def store_secret(times: int) -> None:
    for number in range(3):
        value = f"{number}{SECRET}" * times
        assert piped("state", "set", "db:password", "-", stdin=value.encode()).code == 0
    assert piped("state", "set", "other", "x").code == 0


@pytest.fixture
def secretive(base: Path) -> Path:
    base.mkdir(mode=0o700)
    (base / "config.toml").write_text('[history]\nsecret = ["*password*"]\n')
    return base


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2000])
@pytest.mark.parametrize(
    "words",
    [
        ("state", "delete", "db:password", "--yes"),
        ("state", "clear", "--prefix", "db:", "--yes"),
        ("state", "set", "db:password", "changed"),
    ],
    ids=" ".join,
)
def test_a_secret_that_is_deleted_leaves_no_trace(
    secretive: Path, times: int, words: tuple[str, ...]
) -> None:
    store_secret(times)
    assert traces(secretive)
    assert piped(*words).code == 0
    assert traces(secretive) == 0


@pytest.mark.parametrize("times", [1, 2000])
def test_while_another_program_has_the_database_open(secretive: Path, times: int) -> None:
    store_secret(times)
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_OPEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        store_secret(times)
        assert (secretive / "state" / "local.db-wal").exists()
        assert piped("state", "delete", "db:password", "--yes").code == 0
        assert traces(secretive) == 0
        reader.communicate("", timeout=60)


@pytest.mark.parametrize("times", [1, 2000])
def test_what_history_kept_of_a_key_goes_when_it_becomes_a_secret(base: Path, times: int) -> None:
    store_secret(times)
    assert traces(base) > 2 * times
    assert piped("state", "set", "db:password", "harmless", "--secret").code == 0
    assert traces(base) == 0


def test_what_is_compacted_away_leaves_no_trace(base: Path) -> None:
    store_secret(2000)
    assert piped("state", "set", "db:password", "harmless").code == 0
    assert traces(base)
    assert piped("state", "compact", "--keep", "1").code == 0
    assert piped("state", "set", "db:password", "harmless, too").code == 0
    assert piped("state", "compact", "--keep", "1").code == 0
    assert traces(base) == 0
