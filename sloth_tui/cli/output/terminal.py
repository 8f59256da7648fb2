"""Check whether there is a terminal that a full-screen UI can be drawn on."""

from __future__ import annotations

import os
import sys

from sloth_tui.cli.output.diagnostics import is_terminal
from sloth_tui.errors import UsageError

NEEDS_TERMINAL = "for scripts there are sloth-runner state --help and others"
_UNFIT_TERMINALS = ("", "dumb", "unknown", "network", "dialup")
"""Values of ``$TERM`` for terminals that cannot move their cursor, or may be unable to."""


def unfit_terminal() -> UsageError | None:
    """Return why no UI can be drawn on this terminal, or None if it can."""
    kind = os.environ.get("TERM", "")
    if kind not in _UNFIT_TERMINALS:
        return None
    named = f"TERM={kind}" if kind else "no TERM"
    return UsageError(
        f"the terminal UI needs a terminal that can move its cursor; this has {named}", hint=NEEDS_TERMINAL
    )


def at_terminal() -> bool:
    """True if stdin, stdout and stderr are terminals. The UI reads stdin and draws on stderr."""
    return all(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr)))
