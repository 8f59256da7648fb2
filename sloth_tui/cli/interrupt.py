"""Ctrl-C, raised where nobody swallows it.

Python's own handler raises KeyboardInterrupt wherever the program happens to be. Inside of a callback that
the interpreter calls for itself, such as the one that forgets the lock of an imported module, or ``__del__``,
it is printed as ignored, and the program goes on.
"""

from __future__ import annotations

# Not ``signal``, whose import takes a twentieth of a short command: it makes an enumeration of every signal.
import _signal  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_AGAIN_SECONDS = 0.005


def watch() -> None:
    """Have SIGINT raise KeyboardInterrupt reliably. Where it is ignored or handled, leave it so."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_swallowed(frame):
        # Not by a signal to itself: that would interrupt this handler.
        _signal.signal(_signal.SIGALRM, _interrupt)
        _signal.setitimer(_signal.ITIMER_REAL, _AGAIN_SECONDS)
        return
    raise KeyboardInterrupt


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
