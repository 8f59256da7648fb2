"""Lines that are redrawn, as the worker passes them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskOutput
from sloth_tui.runner.worker.output import Output

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent


class Eager:
    """An emitter that sends every state."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []
        self.redrawn = 0

    def event(self, event: RunEvent) -> None:
        self.events.append(event)

    def redraw(self, name: str, event: RunEvent | None) -> None:
        if isinstance(event, TaskOutput):
            self.events.append(event)
            self.redrawn += len(event.text) + 100

    def flush(self) -> None:
        return


def _output(emitter: Eager, *, redraws: bool = True) -> Output:
    output = Output(emitter, 1 << 20, lambda: None, redraws=redraws)  # type: ignore[arg-type]
    output.begin("t")
    return output


def test_a_line_that_grows_by_a_byte_at_a_time_is_sent_a_bounded_number_of_times() -> None:
    emitter = Eager()
    output = _output(emitter)
    for length in range(1, 20_001):
        output.redraw("stdout", b"." * length, 1)
    assert emitter.redrawn <= 64 * 1024 + 4 * 20_000 + 1100
    output.begin("next")
    output.redraw("stdout", b"again", 5)
    assert emitter.events[-1] == TaskOutput("next", "stdout", "again", None, True)


def test_the_same_state_is_sent_once_and_again_after_the_line_has_ended() -> None:
    emitter = Eager()
    output = _output(emitter)
    for data in (b"1 %", b"1 %\r", b"0 %\r1 %\r", b"\r", b""):
        output.redraw("stdout", data, len(data))
    output.write("stdout", b"1 %")
    output.redraw("stdout", b"1 %", 3)
    texts = [(event.text, event.partial) for event in emitter.events if isinstance(event, TaskOutput)]
    assert texts == [("1 %", True), ("1 %", False), ("1 %", True)]


def test_nothing_is_redrawn_unless_that_is_asked_for() -> None:
    emitter = Eager()
    _output(emitter, redraws=False).redraw("stdout", b"1 %", 3)
    assert emitter.events == []


def test_of_a_line_that_is_too_long_what_was_drawn_over_is_cut_first() -> None:
    emitter = Eager()
    _output(emitter).write("stdout", b"x" * 70_000 + b"\rlast\r")
    assert emitter.events == [TaskOutput("t", "stdout", "last\r")]
