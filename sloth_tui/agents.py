"""Agent names, which agent a command names, and the base directory, which holds all files of this program.

The base directory is ``$SLOTH_RUNNER_HOME`` or ``$HOME/.sloth-runner``. ``os.path`` rather than ``pathlib``:
the latter costs 10 ms a start.
"""

from __future__ import annotations

import os

from sloth_tui.errors import DatabaseUnusable, InvalidAgentName, UsageError

DEFAULT_AGENT = "local"
MAX_NAME = 64
_ALNUM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_NAME_CHARACTERS = _ALNUM | frozenset("._-")


def base_directory() -> str:
    """Return the absolute path of the base directory. Raises UsageError if the home directory is unknown, or
    the working directory of a relative path."""
    base = os.environ.get("SLOTH_RUNNER_HOME")
    if base:
        try:
            return os.path.abspath(base)
        except OSError:
            raise UsageError(
                f"SLOTH_RUNNER_HOME: '{base}' is relative to a working directory that is gone",
                hint="cd to a directory, or set SLOTH_RUNNER_HOME to an absolute path",
            ) from None
    home = os.path.expanduser("~")
    # An empty HOME would expand to the root of the file system.
    if not os.path.isabs(home) or os.environ.get("HOME") == "":
        raise UsageError("no home directory", hint="set HOME or SLOTH_RUNNER_HOME")
    return os.path.join(home, ".sloth-runner")


def config_path() -> str:
    """Return the path of the file of settings, which may not exist. Raises UsageError."""
    return os.path.join(base_directory(), "config.toml")


def named_agent(flag: str | None) -> str | None:
    """Return the agent named by flag or environment; None if neither names one. Raises InvalidAgentName."""
    named = flag if flag is not None else os.environ.get("SLOTH_RUNNER_AGENT") or None
    return check_name(named) if named is not None else None


def check_name(name: str) -> str:
    """Return ``name`` if it is a valid agent name. Raises InvalidAgentName."""
    if 0 < len(name) <= MAX_NAME and name[0] in _ALNUM and _NAME_CHARACTERS.issuperset(name):
        return name
    shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    raise InvalidAgentName(
        f"'{shown}' is not an agent name",
        hint="1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit",
    )


def status_of(path: str) -> os.stat_result | None:
    """Return the status of a path, without following a link; None only if nothing is there.

    Raises DatabaseUnusable if the status is unknown: a directory that may not be searched, a link to a
    missing directory, a loop of links, a file in place of a directory, a failing device.
    """
    try:
        return os.lstat(path)
    except FileNotFoundError:
        refuse_lost_directory(os.path.dirname(path))
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def refuse_lost_directory(directory: str) -> None:
    """Raise DatabaseUnusable if a directory is empty only because a link in its path leads nowhere: the
    target may be on a disk that is not mounted."""
    while True:
        try:
            os.lstat(directory)
        except FileNotFoundError:
            directory = os.path.dirname(directory)
            continue
        except OSError as error:
            raise unreadable(directory, error) from error
        if not os.path.exists(directory):
            raise DatabaseUnusable(
                f"{directory}: a symbolic link to nothing", hint="its target may not be mounted"
            )
        return


def unreadable(path: str, error: OSError) -> DatabaseUnusable:
    """Return the error for a system error about a path."""
    why = error.strerror or str(error)
    hint = "its status is unknown"
    if isinstance(error, PermissionError):
        hint = "check the permissions of the directories above it"
    return DatabaseUnusable(f"{path}: {why[:1].lower()}{why[1:]}", hint=hint)
