"""The words of events, and that the command line and the screen both use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from sloth_tui.cli.running.text import RunText
from sloth_tui.runner import events
from sloth_tui.runner.describe import describe
from sloth_tui.tui.services.runs import describe_lines

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent

WORDS: list[tuple[RunEvent, str]] = [
    (events.RunStarted("r", "f.lua", "local", ["a", "b"], 0.0), "2 tasks"),
    (events.TaskStarted("build", 0.0), "build"),
    (events.TaskOutput("build", "print", "hello"), "hello"),
    (events.KeyChanged("build", "k", None, 1, 1, created=True), "k"),
    (events.KeyRestored("k", 1, None, 2, deleted=True), "k"),
    (events.Warned("build", "output cut"), "output cut"),
    (events.Stopping("build", 1, 3.0), "stopping: waiting up to 3s for 1 process to end"),
    (events.TaskFinished("build", "done", 2.0, 1, None, None), "done in 2s, 1 change"),
    (events.TaskFinished("build", "failed", 2.0, 0, "f.lua:1: no", None), "failed in 2s"),
    (events.TaskFinished("build", "skipped", 0.0, 0, "a failed", None), "skipped"),
    (events.RunFinished("r", "done", 0, 2.0, None, None), "done in 2s"),
]


def test_every_event_has_words() -> None:
    assert {type(event) for event, _ in WORDS} == set(get_args(events.RunEvent))


@pytest.mark.parametrize(("event", "words"), WORDS)
def test_both_front_ends_tell_an_event_in_its_words(event: RunEvent, words: str) -> None:
    assert describe(event) == words
    assert words in (RunText().lines(event) or "")
    if not isinstance(event, events.KeyRestored | events.RunFinished):  # the pane has no line for these
        assert words in describe_lines(event, lambda key: False)[0].text
