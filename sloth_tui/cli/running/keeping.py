"""Keep a run of the command line, as those of the terminal UI are kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sloth_tui.agents import base_directory
from sloth_tui.cli.parsing.spec import PROGRAM
from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.masking import holds_secret
from sloth_tui.runs.command_line import masked, quoted
from sloth_tui.runs.folder import RunFolder, runs_directory
from sloth_tui.runs.model import new_run
from sloth_tui.runs.recording import Recorder, this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.runner.request import RunRequest
    from sloth_tui.settings import Settings


@contextmanager
def kept(
    request: RunRequest,
    run: str,
    settings: Callable[[], Settings],
    *,
    encrypted: bool,
    store: str | None,
    words: Sequence[str],
) -> Iterator[Recorder | None]:
    """Return a context with what records the run of this id; None if it cannot be kept, which one warning
    says. ``encrypted``: no values may be recorded in the clear. ``store``: the address of the store;
    ``words``: the command line, without the program."""

    def is_secret(key: str) -> bool:
        return encrypted or holds_secret(key, settings().secret_segments)

    command_line = quoted([PROGRAM, *masked(words, is_secret)])
    found = this_process(new_run(request, run, store, command_line))
    base = ""
    try:
        base = base_directory()
        folder = RunFolder.create(base, found)
    except (OSError, SlothError) as error:
        _warn(f"this run is not kept: {_words(error, base)}", settings)
        yield None
        return
    recorder = Recorder(folder, found, is_secret)
    try:
        yield recorder
    except SlothError as error:
        recorder.fail(error.message, error.hint, error.exit_code)
        raise
    except KeyboardInterrupt:
        recorder.fail("the run was stopped", None, ExitCode.INTERRUPTED)
        raise
    except Exception as error:
        recorder.fail(f"unexpected failure: {type(error).__name__}: {error}")
        raise
    finally:
        _conclude(recorder, folder, base, settings)


def _conclude(recorder: Recorder, folder: RunFolder, base: str, settings: Callable[[], Settings]) -> None:
    from sloth_tui.runs.pruning import conclude, retention_of

    problem = recorder.problem
    if problem is not None:
        _warn(f"the record of run {recorder.run.id} is not complete: {problem}", settings)
    conclude(base, folder.path, retention_of(settings()))
    folder.close()


def _warn(message: str, settings: Callable[[], Settings]) -> None:
    if settings().keep_runs:
        from sloth_tui.cli.output.diagnostics import warn

        warn(message)


def _words(error: Exception, base: str) -> str:
    if isinstance(error, OSError):
        return f"{runs_directory(base)}: {(error.strerror or str(error)).lower()}"
    return str(error)
