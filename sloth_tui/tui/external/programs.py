"""Hand the terminal to another program: an editor, a pager, a command of the user's own."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from textual.app import SuspendNotSupported

from sloth_tui.errors import SlothError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from types import FrameType
    from typing import Self

_END_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_ENTER_POLL_SECONDS = 0.2
_BRIEF_SECONDS = 1.0
"""A pager or command that ends sooner showed nothing long enough to read."""

_PLUS_LINE = {
    *("editor", "emacs", "emacsclient", "ex", "gvim", "jed", "jmacs", "joe", "kak", "mcedit", "mg", "micro"),
    *("nano", "ne", "nvim", "pico", "vi", "view", "vim", "vim.basic", "vim.tiny", "vis", "zile"),
}
"""Editors that take the line as ``+12`` before the file."""
_COLON_LINE: dict[str, tuple[str, ...]] = {
    "code": ("--goto",),
    "codium": ("--goto",),
    "hx": (),
    "helix": (),
    "subl": (),
    "zed": (),
}
"""Editors that take it as ``file:12``, and the options before that."""


class Lender(Protocol):
    """The part of the app that lends out its terminal."""

    def suspend(self) -> AbstractContextManager[None]:
        """Return a context in which another program has the terminal."""

    def stop_job(self, *, signalled: bool = False) -> object:
        """Stop, as by a shell's Ctrl-Z, until the shell continues the job. ``signalled``: the shell asked for
        it."""

    def spare_interrupt(self) -> object:
        """Ignore an interrupt that just arrived: it was for the program that has the terminal."""


def edit_text(app: Lender, text: str, name: str) -> str:
    """Let the user edit ``text`` in $VISUAL or $EDITOR, in a temporary file of this name; return the result.
    Raises SlothError if the editor fails."""
    command = _command(("VISUAL", "EDITOR"), ("editor", "vi", "nano"))
    folder = tempfile.mkdtemp(prefix="sloth-edit-")
    path = os.path.join(folder, name)
    try:
        # Most editors end a file with a line feed; it is not part of the value.
        _write(path, text + "\n")
        code = _run(app, [*command, path])
        if code:
            how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
            raise SlothError(f"{command[0]} ended {how}", hint="nothing was changed")
        with open(path, encoding="utf-8", newline="") as file:
            return file.read().removesuffix("\n")
    except UnicodeDecodeError:
        raise SlothError("what was saved is not UTF-8", hint="nothing was changed") from None
    except OSError as error:
        raise SlothError(f"{path}: {error.strerror}", hint="nothing was changed") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def edit_file(app: Lender, path: str, line: int | None = None) -> None:
    """Let the user edit a file in $VISUAL or $EDITOR, which begins at ``line`` (from 1) if it is known how to
    tell it. Raises SlothError if the editor fails."""
    command = _command(("VISUAL", "EDITOR"), ("editor", "vi", "nano"))
    name = os.path.basename(command[0])
    if line is not None and name in _PLUS_LINE:
        place = [f"+{line}", path]
    elif line is not None and name in _COLON_LINE:
        place = [*_COLON_LINE[name], f"{path}:{line}"]
    else:
        place = [path]
    code = _run(app, [*command, *place])
    if code:
        how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
        raise SlothError(f"{command[0]} ended {how}")


def keep_text(text: str, name: str) -> str:
    """Write ``text`` to a file that only its owner can read; return the path."""
    path = os.path.join(tempfile.mkdtemp(prefix="sloth-kept-"), name)
    _write(path, text)
    return path


def page_text(app: Lender, parts: Iterable[str]) -> None:
    """Show harmless text in $PAGER. Raises SlothError if there is no pager."""
    _run(app, _command(("PAGER",), ("less", "more")), parts)


def run_program(
    app: Lender, command: list[bytes], environment: dict[bytes, bytes], feed: bytes | None
) -> int:
    """Give a program the terminal, and return its exit code. What it left on the screen stays until Enter is
    pressed, if it failed or was brief. Raises SlothError if it cannot be started."""
    return _run(app, command, None if feed is None else (feed,), environment)


class _Signals:
    """Passes signals that end this program to the program that has the terminal.

    This program ends after that one, by its own signal handlers. An interrupt is for the other program only.
    """

    def __init__(self, stop: Callable[[], object], interrupted: Callable[[], object]) -> None:
        """``stop`` is called when the shell asks to stop, ``interrupted`` on an interrupt."""
        self.process: subprocess.Popen[bytes] | None = None
        self.came = False
        self._stop = stop
        self._interrupted = interrupted

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._pass_on) for number in _END_SIGNALS}
        self._previous[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: self._interrupted())
        self._previous[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, lambda *_: self._stop())
        self._previous[signal.SIGCONT] = signal.signal(signal.SIGCONT, signal.SIG_DFL)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self.came = True
        if self.process is not None:
            self.process.send_signal(number)


def _run(
    app: Lender,
    command: list[str] | list[bytes],
    parts: Iterable[str | bytes] | None = None,
    environment: dict[bytes, bytes] | None = None,
) -> int:
    """Give a program the terminal while it runs, with ``parts`` as its input; return its exit code."""
    code, failure = 0, ""
    try:
        with app.suspend():
            # An error that left this block would not restore the terminal.
            try:
                code = _serve(app, command, parts, environment)
            except OSError as error:
                failure = error.strerror or str(error)
    except SuspendNotSupported:
        raise SlothError("this terminal cannot be given to another program") from None
    if failure:
        raise SlothError(f"{os.fsdecode(command[0])}: {failure}", hint="nothing was changed")
    return code


def _serve(
    app: Lender,
    command: list[str] | list[bytes],
    parts: Iterable[str | bytes] | None,
    environment: dict[bytes, bytes] | None,
) -> int:
    with _Signals(partial(app.stop_job, signalled=True), app.spare_interrupt) as signals:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=None if parts is None else subprocess.PIPE, env=environment)
        signals.process = process
        if parts is not None:
            _feed(process, parts)
        code = _wait(process, app)
        is_brief = time.monotonic() - began < _BRIEF_SECONDS
        if (is_brief and not (parts is None and environment is None)) or (code and environment is not None):
            _wait_for_enter(signals)
        return code


def _wait(process: subprocess.Popen[bytes], app: Lender) -> int:
    """Wait for a program and return its exit code. Some stop only themselves on Ctrl-Z, which the shell would
    not notice."""
    while True:
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        if ended is None or ended.si_code not in (os.CLD_STOPPED, os.CLD_TRAPPED):
            return process.wait()
        # If the whole job was stopped, the program was continued with it before this line runs.
        if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None:
            app.stop_job()
            process.send_signal(signal.SIGCONT)


def _feed(process: subprocess.Popen[bytes], parts: Iterable[str | bytes]) -> None:
    assert process.stdin is not None
    try:
        for part in parts:
            process.stdin.write(part if isinstance(part, bytes) else part.encode("utf-8", "backslashreplace"))
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        # The user closed the pager early.
        with suppress(OSError):
            process.stdin.close()


def _wait_for_enter(signals: _Signals) -> None:
    """Keep the output of a pager that did not wait on screen until Enter is pressed."""
    if not sys.stdin.isatty():
        return
    sys.stdout.write("\n(enter goes back)")
    sys.stdout.flush()
    while not signals.came:
        if select.select([sys.stdin], [], [], _ENTER_POLL_SECONDS)[0]:
            sys.stdin.readline()
            return


def _command(variables: Iterable[str], usual: Iterable[str]) -> list[str]:
    """Return the words of the program that the environment names, else of the first usual one installed.
    Raises SlothError if there is none."""
    named = next((os.environ[name] for name in variables if os.environ.get(name)), None)
    if named is not None:
        try:
            words = shlex.split(named)
        except ValueError as error:
            raise SlothError(f"${next(iter(variables))}: {error}") from None
        if words and shutil.which(words[0]):
            return words
        raise SlothError(f"there is no program '{named}'", hint=f"set ${next(iter(variables))} to one")
    found = next((program for program in usual if shutil.which(program)), None)
    if found is None:
        raise SlothError("there is no program for that", hint=f"set ${next(iter(variables))} to one")
    return [found]


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
