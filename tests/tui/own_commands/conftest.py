from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.tui.actions import rebind

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_commands_afterwards() -> Iterator[None]:
    """Take the commands of a test out of the registry, which is one for the process."""
    yield
    rebind({})
