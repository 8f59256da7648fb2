"""How often the reader may read a subscription again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.tui.services.subscription import HIDDEN, URGENT, VISIBLE, Subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from sloth_tui.store.port import Store

STORE: Store = None  # type: ignore[assignment]


def test_slow_subscriptions_are_read_rarely_and_hidden_ones_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def job(store: Store) -> Iterator[None]:
        nonlocal now
        for _ in range(2):
            now += 0.5
            yield

    rests = []
    for policy in (URGENT, VISIBLE, HIDDEN):
        subscription = Subscription(job, policy)
        assert subscription.is_due(now)
        for _ in range(3):
            assert subscription.is_due(now), "an answer in steps goes on at once"
            subscription.answer(STORE)
        assert not subscription.is_due(now)
        subscription.pending = True
        assert not subscription.is_due(now)
        rests.append(subscription.not_before - now)
        assert subscription.is_due(subscription.not_before)
    assert rests == [8.0, 25.0, 30.0]

    quick = Subscription(lambda store: None, HIDDEN)
    quick.answer(STORE)
    assert quick.not_before == now + 2.0
