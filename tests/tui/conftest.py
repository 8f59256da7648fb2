from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def believable(base: Path) -> Path:
    """A base directory with two agents, entries of every type and a lock."""
    from tests.tui.state import fill

    fill()
    return base
