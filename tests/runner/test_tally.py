"""What is counted of a task whose worker is gone."""

from __future__ import annotations

from sloth_tui.runner.events import KeyChanged, Resource, TaskStarted
from sloth_tui.runner.supervision.tally import Tally


def resource(kind: str, *, changed: bool, predicted: bool = False) -> Resource:
    return Resource("a", "local", kind, "x", changed, predicted, [])


def test_the_end_of_a_lost_task_has_what_was_counted_since_it_began() -> None:
    tally = Tally()
    for event in (
        TaskStarted("a", 0.0),
        resource("file", changed=True),
        KeyChanged("a", "k", None, 1, 1),
        TaskStarted("b", 0.0),
        resource("package", changed=True),
        resource("user", changed=False),
        resource("file", changed=True),
        resource("lock", changed=False),
        KeyChanged("b", "k", 1, 2, 2),
    ):
        tally.take(event)
    end = tally.lost("b", "timeout", "took too long")
    assert (end.task, end.result, end.error) == ("b", "timeout", "took too long")
    assert (end.changed, end.resources, end.ok) == (1, 2, 1)
    assert end.duration >= 0
    assert not tally.would_change


def test_a_prediction_of_any_task_is_remembered() -> None:
    for event in (
        resource("file", changed=True, predicted=True),
        KeyChanged("a", "k", None, 1, 1, predicted=True),
    ):
        tally = Tally()
        tally.take(event)
        tally.take(TaskStarted("b", 0.0))
        assert tally.would_change


def test_what_is_as_wanted_or_held_would_not_change() -> None:
    tally = Tally()
    tally.take(resource("file", changed=False, predicted=True))
    tally.take(resource("lock", changed=False, predicted=True))
    assert not tally.would_change
