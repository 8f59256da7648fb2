"""How often the reader may be asked again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.tui.services.subscription import PROMPT, RARE, STEADY, Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from sloth_tui.store.port import WindowedStore

STORE: WindowedStore = None  # type: ignore[assignment]


def test_what_takes_long_is_asked_rarely_and_what_nobody_looks_at_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def job(store: WindowedStore) -> Iterator[None]:
        nonlocal now
        for _ in range(2):
            now += 0.5
            yield

    rests = []
    for pace in (PROMPT, STEADY, RARE):
        question = Question(job, pace)
        assert question.is_due(now)
        for _ in range(3):
            assert question.is_due(now), "an answer in steps goes on at once"
            question.answer(STORE)
        assert not question.is_due(now)
        question.pending = True
        assert not question.is_due(now)
        rests.append(question.not_before - now)
        assert question.is_due(question.not_before)
    assert rests == [8.0, 25.0, 30.0]

    quick = Question(lambda store: None, RARE)
    quick.answer(STORE)
    assert quick.not_before == now + 2.0
