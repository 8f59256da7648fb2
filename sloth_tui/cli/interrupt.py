"""Ctrl-C, raised where nobody swallows it.

Python's own handler raises KeyboardInterrupt wherever the program happens to be. Inside of a callback that
the interpreter calls for itself, such as the one that forgets the lock of an imported module, or ``__del__``,
it is printed as ignored, and the program goes on. And a signal that comes between the interpreter's last look
for signals and a system call does not interrupt that call: it would be noticed when a person has answered.
"""

from __future__ import annotations

# Not ``signal``, whose import takes a twentieth of a short command: it makes an enumeration of every signal.
import _signal  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_AGAIN_SECONDS = 0.005
_LOOK_SECONDS = 0.1


def watch() -> None:
    """Have SIGINT raise KeyboardInterrupt reliably. Where it is ignored or handled, leave it so."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_swallowed(frame):
        # Not by a signal to itself: that would interrupt this handler.
        _signal.signal(_signal.SIGALRM, _interrupt)
        _signal.setitimer(_signal.ITIMER_REAL, _AGAIN_SECONDS, _LOOK_SECONDS)
        return
    if number == _signal.SIGALRM:
        _signal.setitimer(_signal.ITIMER_REAL, 0)
    raise KeyboardInterrupt


class Heeded:
    """A ``with`` block that waits for a person or another program: a signal that came just before a system
    call is noticed while the call waits, because a timer interrupts it now and then."""

    __slots__ = ("_handler", "_timer")

    def __enter__(self) -> None:
        self._handler = _signal.signal(_signal.SIGALRM, _do_nothing)
        self._timer = _signal.setitimer(_signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)

    def __exit__(self, *_: object) -> None:
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        _signal.signal(_signal.SIGALRM, self._handler)
        _signal.setitimer(_signal.ITIMER_REAL, *self._timer)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """The interpreter looks for other signals before it takes up the call again."""


def _is_swallowed(frame: FrameType | None) -> bool:
    """True if an exception that is raised in this frame would be ignored."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__":
            return True
        if code.co_name == "cb" and code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
