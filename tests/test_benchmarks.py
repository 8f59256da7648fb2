"""``make bench``: every group, or the one that ``ONLY`` names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def two_groups(tmp_path: Path) -> Path:
    """A directory with two groups of benchmarks, which print their names; the second one fails."""
    package = tmp_path / "tests" / "benchmarks"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "benchmarks" / "__main__.py", package)
    (tmp_path / "tests" / "__init__.py").touch()
    (package / "bench_keys.py").write_text("print('measured keys')\n")
    (package / "bench_locks.py").write_text("print('measured locks')\nraise SystemExit(3)\n")
    return tmp_path


def bench(directory: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *words],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_all_groups_run_in_their_order(two_groups: Path) -> None:
    shown = "\n== keys\nmeasured keys\n\n== locks\nmeasured locks\n"
    assert bench(two_groups) == (3, shown, "")


def test_one_group_runs_alone(two_groups: Path) -> None:
    assert bench(two_groups, "keys") == (0, "\n== keys\nmeasured keys\n", "")


@pytest.mark.parametrize("word", ["none", "bench_keys"])
def test_a_group_that_is_none_is_refused_with_those_there_are(two_groups: Path, word: str) -> None:
    assert bench(two_groups, word) == (2, "", f"error: no benchmarks {word!r}; there are: keys, locks\n")


def test_make_hands_over_the_group() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^bench: .*\n\t(.+)$", makefile, re.MULTILINE)
    assert recipe
    assert recipe[1] == "@$(BIN)/python -m tests.benchmarks $(ONLY)"
    assert (ROOT / "tests" / "benchmarks" / "bench_keys.py").exists()
