"""Who makes a change. Every write needs it, so it does without ``typing``, which costs a start 13 ms."""

from __future__ import annotations

import os
from collections import namedtuple

EXTERNAL = "external"
"""Stands for the author of what other programs wrote."""


class Origin(
    namedtuple("Origin", ("user", "host", "pid", "program", "title", "run", "task"), defaults=(None, None))
):
    """Who makes a change: kept once per change set, and shown by the history."""

    __slots__ = ()

    user: str
    host: str
    pid: int
    program: str
    """``sloth-runner``, ``sloth-tui`` or ``lua``."""
    title: str
    """What was asked for, as a person would say it: ``clear --prefix tmp:``, ``run deploy.lua``."""
    run: str | None
    task: str | None


def this_process(program: str, title: str, run: str | None = None, task: str | None = None) -> Origin:
    """Changes by this process, in the name of its user."""
    return Origin(_user(), os.uname().nodename, os.getpid(), program, title, run, task)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
