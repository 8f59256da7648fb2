"""Who makes a change. Every write needs this module, so it avoids ``typing``, which costs 13 ms a start."""

from __future__ import annotations

import os
from collections import namedtuple

EXTERNAL = "external"
"""The author shown for changes by other programs."""
EXPIRED = "expired"
"""The author of deletions of entries whose time to live was over."""
_OVER = "time to live was over"


class Origin(
    namedtuple("Origin", ("user", "host", "pid", "program", "title", "run", "task"), defaults=(None, None))
):
    """Who makes a change: stored once per change set, and shown by the history."""

    __slots__ = ()

    user: str
    host: str
    pid: int
    program: str
    """``sloth-runner``, ``sloth-tui`` or ``lua``."""
    title: str
    """The request, in words for people: ``clear --prefix tmp:``, ``run deploy.lua``."""
    run: str | None
    task: str | None


def this_process(program: str, title: str, run: str | None = None, task: str | None = None) -> Origin:
    """Return the origin of changes by this process and its user."""
    return Origin(_user(), os.uname().nodename, os.getpid(), program, title, run, task)


def expiry() -> Origin:
    """Return the origin of the deletion of entries whose time to live is over: nobody asked for it just then,
    this process only noticed first."""
    return Origin(EXPIRED, os.uname().nodename, os.getpid(), "sloth-runner", _OVER)


def is_expiry(origin: Origin | None) -> bool:
    """Return True for the origin of such deletions."""
    return origin is not None and (origin.user, origin.title) == (EXPIRED, _OVER)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
