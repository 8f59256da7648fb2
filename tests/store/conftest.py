from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.s3 import moto

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    moto.end_shared()
