"""Who a run's changes are by."""

from __future__ import annotations

import os

from sloth_tui.model import Origin


def run_origin(title: str, run: str, task: str | None) -> Origin:
    return Origin(_user(), os.uname().nodename, os.getpid(), "lua", title, run, task)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
