from __future__ import annotations

import pytest

from tests import workers


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    workers.use(monkeypatch)
