from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.sqlite.others import one_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test's database is or will be."""
    return tmp_path / "agent.db"


@pytest.fixture(scope="module", autouse=True)
def other_program() -> Iterator[None]:
    with one_program():
        yield
