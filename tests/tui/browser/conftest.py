from __future__ import annotations

import pytest

from tests.tui.browser.fake import Fake


@pytest.fixture
def fake() -> Fake:
    return Fake()
