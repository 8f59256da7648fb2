"""Tests of encrypted databases. They need the build of apsw that can encrypt, and the tests' environment has
the plain one: ``tests/test_both_builds.py`` runs them in a process of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.ciphers import HAS_CIPHERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

collect_ignore_glob = [] if HAS_CIPHERS else ["test_*.py"]


@pytest.fixture(autouse=True)
def no_keys() -> Iterator[None]:
    """Each test begins as a program does: without keys."""
    from sloth_tui.store.sqlite import keys
    from sloth_tui.store.sqlite.keys import environment

    keys.forget()
    environment.forget()
    yield
    keys.forget()
    environment.forget()


@pytest.fixture
def database(base: Path) -> Path:
    """The database of ``local``, plain, with two entries."""
    with open_store("local", "write") as store:
        store.set_many({"app:version": "CANARY-one", "n": 3})
    return base / "state" / "local.db"


@pytest.fixture
def key_file(base: Path) -> Path:
    return base / "keys" / "local.key"
