"""Handing the terminal to another program: an editor, a pager."""

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

_ENDS = (signal.SIGTERM, signal.SIGHUP)
_GLANCE = 0.2
_BRIEF = 1.0
"""Seconds below which a pager has shown nothing that could be read."""


class Lender(Protocol):
    """The app, as far as its terminal is concerned."""

    def suspend(self) -> AbstractContextManager[None]:
        """The terminal is another's meanwhile."""

    def stop_job(self, *, signalled: bool = False) -> object:
        """Stop, as a shell's Ctrl-Z does, until the shell says to go on; ``signalled``: that it does."""

    def spare_interrupt(self) -> object:
        """Do not end by an interrupt that just came: it was for the program that has the terminal."""


def edit_text(app: Lender, text: str, name: str) -> str:
    """``text`` as it is after somebody edited it in $VISUAL or $EDITOR. Its file has this name, and is gone
    afterwards. Raises SlothError where that did not work; the text is then as it was."""
    command = _command(("VISUAL", "EDITOR"), ("editor", "vi", "nano"))
    folder = tempfile.mkdtemp(prefix="sloth-edit-")
    path = os.path.join(folder, name)
    try:
        # The last line feed is the editor's: most put one there, and it is no part of the value.
        _write(path, text + "\n")
        code = _run(app, [*command, path])
        if code:
            how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
            raise SlothError(f"{command[0]} ended {how}", hint="nothing was changed")
        with open(path, encoding="utf-8", newline="") as file:
            return file.read().removesuffix("\n")
    except UnicodeDecodeError:
        raise SlothError("what was saved is no UTF-8", hint="nothing was changed") from None
    except OSError as error:
        raise SlothError(f"{path}: {error.strerror}", hint="nothing was changed") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_text(text: str, name: str) -> str:
    """Leave ``text`` in a file that only its owner can read; the path."""
    path = os.path.join(tempfile.mkdtemp(prefix="sloth-kept-"), name)
    _write(path, text)
    return path


def page_text(app: Lender, parts: Iterable[str]) -> None:
    """Show harmless text in $PAGER. Raises SlothError where there is none."""
    _run(app, _command(("PAGER",), ("less", "more")), parts)


class _Signals:
    """What ends this program ends the one that has the terminal first; this one ends when that is gone, by
    what it has set up for these signals. An interrupt is for the other alone."""

    def __init__(self, stop: Callable[[], object], interrupted: Callable[[], object]) -> None:
        """``stop`` stops this program when the shell asks for it. ``interrupted`` hears of an interrupt."""
        self.process: subprocess.Popen[bytes] | None = None
        self.came = False
        self._stop = stop
        self._interrupted = interrupted

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._pass_on) for number in _ENDS}
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


def _run(app: Lender, command: list[str], parts: Iterable[str] | None = None) -> int:
    """The exit code of a program that has the terminal while it runs; ``parts`` are its input, if any."""
    code, failure = 0, ""
    try:
        with app.suspend():
            # An error that left this block would leave the terminal as it is.
            try:
                code = _serve(app, command, parts)
            except OSError as error:
                failure = error.strerror or str(error)
    except SuspendNotSupported:
        raise SlothError("this terminal cannot be given to another program") from None
    if failure:
        raise SlothError(f"{command[0]}: {failure}", hint="nothing was changed")
    return code


def _serve(app: Lender, command: list[str], parts: Iterable[str] | None) -> int:
    with _Signals(partial(app.stop_job, signalled=True), app.spare_interrupt) as signals:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=None if parts is None else subprocess.PIPE)
        signals.process = process
        if parts is not None:
            _feed(process, parts)
        code = _wait(process, app)
        if parts is not None and time.monotonic() - began < _BRIEF:
            _wait_for_enter(signals)
        return code


def _wait(process: subprocess.Popen[bytes], app: Lender) -> int:
    """Its exit code. Some programs answer Ctrl-Z by stopping themselves alone: the shell would not notice."""
    while True:
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        if ended is None or ended.si_code not in (os.CLD_STOPPED, os.CLD_TRAPPED):
            return process.wait()
        # Stopped with all of the job, it was let go on with it, too, before this is reached.
        if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None:
            app.stop_job()
            process.send_signal(signal.SIGCONT)


def _feed(process: subprocess.Popen[bytes], parts: Iterable[str]) -> None:
    assert process.stdin is not None
    try:
        for part in parts:
            process.stdin.write(part.encode("utf-8", "backslashreplace"))
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        # Somebody has seen enough.
        with suppress(OSError):
            process.stdin.close()


def _wait_for_enter(signals: _Signals) -> None:
    """What a pager printed and did not wait for stays until it is read."""
    if not sys.stdin.isatty():
        return
    sys.stdout.write("\n(enter goes back)")
    sys.stdout.flush()
    while not signals.came:
        if select.select([sys.stdin], [], [], _GLANCE)[0]:
            sys.stdin.readline()
            return


def _command(variables: Iterable[str], usual: Iterable[str]) -> list[str]:
    """What the environment names, or else the first of the usual programs there is."""
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
