"""The store runs on either build of apsw: on the plain one, as everywhere else in these tests, and on the one
with ciphers, which these tests start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.ciphers import DIRECTORY, HAS_CIPHERS, environment, run_python
from tests.support import sweep

pytestmark = [
    pytest.mark.long,
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(HAS_CIPHERS, reason="is itself what these tests start"),
    pytest.mark.skipif(not DIRECTORY.exists(), reason="no apsw-sqlite3mc: sh tests/setup.sh ciphers"),
]
_ROOT = Path(__file__).parents[1]
_TELLING = ["tests/store/sqlite/test_refused.py", "tests/store/conformance/test_transactions.py"]


def passes(*paths: str) -> None:
    """Run these tests on the build with ciphers, and fail with their report."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(
        command, cwd=_ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=3500
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_the_two_builds_are_two() -> None:
    there = run_python("import apsw; print(apsw.__file__, hasattr(apsw, 'mc_version'))")
    assert there.stdout.split() == [there.stdout.split()[0], "True"], there.stderr
    assert Path(there.stdout.split()[0]).is_relative_to(DIRECTORY)
    assert not Path(apsw.__file__).is_relative_to(DIRECTORY)


def test_the_store_works_as_well_on_the_build_with_ciphers_and_encryption_works_there() -> None:
    everything = ["tests/encryption", "tests/store", "--ignore=tests/store/etcd", "-k", "not etcd"]
    passes(*sweep(everything, ["tests/encryption", *_TELLING, "-k", "not etcd and not s3"]))
