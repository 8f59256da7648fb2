"""The process behind a page: ``python -m sloth_tui.web.session COLUMNS LINES [--read-only] [--agent=NAME]``.

stdin and stdout carry packets, see :mod:`sloth_tui.tui.external.browser_driver`. The process ends with the
front.
"""

from __future__ import annotations

import os
import signal
import sys

from sloth_tui.errors import ExitCode, SlothError

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    width, height, *rest = arguments
    agents = [word.partition("=")[2] for word in rest if word.startswith("--agent=")]
    _end_with_front()
    _keep_packets()
    from sloth_tui.tui import run_app

    try:
        return run_app(
            agents[0] if agents else None, "--read-only" in rest, browser=(int(width), int(height))
        )
    except SlothError as error:
        from sloth_tui.text import display_text

        sys.stderr.write(f"error: {display_text(error.message)}\n")
        return error.exit_code
    except Exception:  # noqa: BLE001 - the front shows its last line, and with --debug all of it
        sys.excepthook(*sys.exc_info())
        return ExitCode.FAILURE


def _end_with_front() -> None:
    """Have the system end this process with the front. Elsewhere the end of stdin does."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _keep_packets() -> None:
    """Keep stdin and stdout for packets: what anything prints goes to stderr, and programs that the app
    starts inherit neither."""
    sys.__stdin__ = sys.stdin = open(os.dup(0), encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115
    sys.__stdout__ = open(os.dup(1), "w", encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
