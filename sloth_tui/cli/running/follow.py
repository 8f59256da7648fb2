"""Follow a run to its end: pass events to stdout as they come, and signals to the supervisor."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.cli.output.stdout import OutputClosed
from sloth_tui.cli.running.keeping import kept
from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.runner.events import RunFinished
from sloth_tui.runner.supervision.signals import signals_stop
from sloth_tui.runner.supervision.supervisor import Supervisor, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runner.describe import RunDescriber
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runner.supervision.process import WorkerProcess
    from sloth_tui.settings import Settings


def follow(
    request: RunRequest,
    worker: WorkerProcess,
    out: Output,
    *,
    store: str | None = None,
    words: Sequence[str] = (),
    keys: bytes = b"",
    settings: Callable[[], Settings],
    as_json: bool,
    traces: bool,
    undo_on_failure: bool = False,
) -> int:
    """Run a request, with ``worker`` first, and show every event. Return 0, or 10 if a check finds changes.

    ``keys`` are what the workers need for an encrypted store. ``settings`` say which keys hold secrets, and
    how much history an undo keeps; ``store``, its address, and ``words``, the command line, are recorded.
    ``traces``: show Lua tracebacks of failed tasks as well. ``undo_on_failure``: undo the changes of a failed
    run. Raises SlothError, with the exit code of a failed run.
    """
    request = request._replace(redraws=True)  # for the terminal, and for who reads the record meanwhile
    failure: SlothError | None = None
    last: RunEvent | None = None
    run = new_run_id()
    with kept(request, run, settings, encrypted=bool(keys), store=store, words=words) as recorder:
        try:
            flush = bool if recorder is None else recorder.flush
            supervisor = Supervisor(request, worker, lambda: keys, run=run, before_wait=flush)
        except OSError:
            worker.close(seconds=1.0)
            raise
        undo_with = settings if undo_on_failure and not request.check else None
        events = _events(supervisor, request.agent, undo_with)
        if recorder is not None:
            events = recorder.record(events)
        with signals_stop(supervisor), shown_on(out, settings, as_json=as_json, traces=traces) as show:
            for last in events:
                if failure is None:
                    failure = _shown(show, last)
                    if failure is not None:
                        supervisor.stop()
    if failure is not None:
        raise failure
    return _code_of(last) if isinstance(last, RunFinished) else ExitCode.OK


def _code_of(end: RunFinished) -> int:
    """Return the exit code of a run that did not fail. Raises SlothError for another."""
    if end.exit_code not in (ExitCode.OK, ExitCode.WOULD_CHANGE):
        failure = SlothError(end.error or f"the run ended: {end.result}", hint=end.hint)
        failure.exit_code = end.exit_code
        raise failure
    return end.exit_code


def _events(
    supervisor: Supervisor, agent: str, undo_with: Callable[[], Settings] | None
) -> Iterable[RunEvent]:
    if undo_with is None:
        return supervisor.events()
    from sloth_tui.cli.running.undo import undo_failure

    return undo_failure(supervisor.events(), agent, undo_with)


def _shown(show: Callable[[RunEvent], None], event: RunEvent) -> SlothError | None:
    """Show the event. If that fails, return why: a run must not continue unseen."""
    try:
        show(event)
    except OutputClosed:
        return SlothError("the reader of the output went away, and the run was stopped")
    except SlothError as error:
        return SlothError(f"{error.message}; the run was stopped")
    return None


@contextmanager
def shown_on(
    out: Output,
    settings: Callable[[], Settings],
    *,
    as_json: bool,
    traces: bool,
    live: bool = True,
    how_to_kill: str = "press ctrl+c again",
) -> Iterator[Callable[[RunEvent], None]]:
    """Give the function that shows an event: as JSON lines, with ``live`` alive on a terminal, or as
    plain lines. ``how_to_kill``: what a person at the terminal does to end commands at once."""
    if as_json:
        yield _json_lines(out)
    elif live and out.terminal and os.environ.get("TERM", "dumb") != "dumb":
        from sloth_tui.cli.running.live import RunLive

        with RunLive(out, _describer(settings, traces=traces, how_to_kill=how_to_kill)) as screen:
            yield screen.show
    else:
        yield _plain_lines(out, _describer(settings, traces=traces))


def _json_lines(out: Output) -> Callable[[RunEvent], None]:
    from sloth_tui.runner.events import is_partial
    from sloth_tui.runner.protocol import event_to_json
    from sloth_tui.values.render import compact

    def show(event: RunEvent) -> None:
        if is_partial(event):
            return
        out.json(compact(event_to_json(event)) + "\n")
        out.flush()

    return show


def _plain_lines(out: Output, describer: RunDescriber) -> Callable[[RunEvent], None]:
    from sloth_tui.runner.describe import plain_text

    def show(event: RunEvent) -> None:
        lines = describer.lines(event)
        if lines:
            out.people("".join(f"{plain_text(line)}\n" for line in lines))
            out.flush()

    return show


def _describer(settings: Callable[[], Settings], *, traces: bool, how_to_kill: str = "") -> RunDescriber:
    from sloth_tui.masking import holds_secret
    from sloth_tui.runner.describe import RunDescriber

    words = settings().secret_segments
    return RunDescriber(
        is_secret=lambda key: holds_secret(key, words), how_to_kill=how_to_kill, traces=traces
    )
