"""Following a run to its end: events to stdout as they come, signals to the supervisor."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.cli.output.stdout import OutputClosed
from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.runner.events import RunFinished
from sloth_tui.runner.supervision.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.running.text import RunText
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runner.supervision.process import WorkerProcess

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def follow(
    request: RunRequest,
    worker: WorkerProcess,
    out: Output,
    *,
    as_json: bool,
    traces: bool,
    undo_on_failure: bool = False,
) -> None:
    """Run it, beginning with ``worker``, and show every event. Raises SlothError, with the exit code of a run
    that did not succeed. ``traces``: Lua tracebacks of failed tasks as well. ``undo_on_failure``: take back
    what such a run wrote."""
    try:
        supervisor = Supervisor(request, worker)
    except OSError:
        worker.close(patience=1.0)
        raise
    failure: SlothError | None = None
    last: RunEvent | None = None
    with _signals_stop(supervisor), _shown_on(out, as_json=as_json, traces=traces) as show:
        for last in _events(supervisor, request.agent, undo_on_failure=undo_on_failure):
            if failure is None:
                failure = _shown(show, last)
                if failure is not None:
                    supervisor.stop()
    if failure is None and isinstance(last, RunFinished) and last.exit_code != ExitCode.OK:
        failure = SlothError(last.error or f"the run ended: {last.result}", hint=last.hint)
        failure.exit_code = last.exit_code
    if failure is not None:
        raise failure


def _events(supervisor: Supervisor, agent: str, *, undo_on_failure: bool) -> Iterable[RunEvent]:
    if not undo_on_failure:
        return supervisor.events()
    from sloth_tui.cli.running.undo import undoing_failure

    return undoing_failure(supervisor.events(), agent)


def _shown(show: Callable[[RunEvent], None], event: RunEvent) -> SlothError | None:
    """Show the event; a run that nobody can follow any more is not to go on, and the answer says why."""
    try:
        show(event)
    except OutputClosed:
        return SlothError("the reader of the output went away, and the run was stopped")
    except SlothError as error:
        return SlothError(f"{error.message}; the run was stopped")
    return None


@contextmanager
def _shown_on(out: Output, *, as_json: bool, traces: bool) -> Iterator[Callable[[RunEvent], None]]:
    """What shows an event: to programs, to a person who looks on, or as plain lines."""
    if as_json:
        yield _json_lines(out)
    elif out.terminal and os.environ.get("TERM", "dumb") != "dumb":
        from sloth_tui.cli.running.live import RunLive

        with RunLive(out, _words(traces=traces, interactive=True)) as live:
            yield live.show
    else:
        yield _plain_lines(out, traces=traces)


def _json_lines(out: Output) -> Callable[[RunEvent], None]:
    from sloth_tui.cli.output.jsontext import compact
    from sloth_tui.runner.protocol import event_to_json

    def show(event: RunEvent) -> None:
        out.json(compact(event_to_json(event)) + "\n")
        out.flush()

    return show


def _plain_lines(out: Output, *, traces: bool) -> Callable[[RunEvent], None]:
    text = _words(traces=traces)

    def show(event: RunEvent) -> None:
        lines = text.lines(event)
        if lines is not None:
            out.people(lines + "\n")
            out.flush()

    return show


def _words(*, traces: bool, interactive: bool = False) -> RunText:
    from sloth_tui.cli.running.text import RunText
    from sloth_tui.masking import holds_secret
    from sloth_tui.settings import load_settings

    words = load_settings().secret_segments
    return RunText(traces=traces, interactive=interactive, is_secret=lambda key: holds_secret(key, words))


@contextmanager
def _signals_stop(supervisor: Supervisor) -> Iterator[None]:
    """Signals that end a process end the run first, in order."""

    def stop(number: int, _frame: FrameType | None) -> None:
        supervisor.stop(number)

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
