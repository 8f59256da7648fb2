"""Agent names and where their databases are.

``<base>/state/<agent>.db``, where base is ``$SLOTH_RUNNER_HOME`` or ``$HOME/.sloth-runner``. Looking
never creates anything. ``os.path`` rather than ``pathlib``: the latter costs 10 ms a start.
"""

from __future__ import annotations

import os

from sloth_tui.errors import AgentNotFound, DatabaseUnusable, InvalidAgentName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Agent

DEFAULT_AGENT = "local"
MAX_NAME = 64
_ALNUM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_NAME_CHARACTERS = _ALNUM | frozenset("._-")
_SUFFIX = ".db"


def base_directory() -> str:
    """The directory that holds everything of ours. Raises UsageError where no home can be told."""
    base = os.environ.get("SLOTH_RUNNER_HOME")
    if base:
        return os.path.abspath(base)
    home = os.path.expanduser("~")
    # An empty HOME would expand to the root of the file system.
    if not os.path.isabs(home) or os.environ.get("HOME") == "":
        raise UsageError("no home directory", hint="set HOME or SLOTH_RUNNER_HOME")
    return os.path.join(home, ".sloth-runner")


def state_directory() -> str:
    return os.path.join(base_directory(), "state")


def backup_directory() -> str:
    """Where databases are copied to before they are deleted."""
    return os.path.join(base_directory(), "backups")


def check_name(name: str) -> str:
    """The name itself, if an agent may be called so. Raises InvalidAgentName."""
    if 0 < len(name) <= MAX_NAME and name[0] in _ALNUM and _NAME_CHARACTERS.issuperset(name):
        return name
    shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    raise InvalidAgentName(
        f"'{shown}' is no agent name",
        hint="1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit",
    )


def database_path(name: str) -> str:
    """Where the agent's database is or would be. Raises InvalidAgentName."""
    return os.path.join(state_directory(), check_name(name) + _SUFFIX)


def status_of(path: str) -> os.stat_result | None:
    """What is at this path, be it a link; None only where nothing is.

    Raises DatabaseUnusable where that cannot be told: a directory that may not be searched, a link to a
    directory that is not there, a loop of links, a file in place of a directory, a failing device.
    """
    try:
        return os.lstat(path)
    except FileNotFoundError:
        _refuse_lost_directory(os.path.dirname(path))
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def writable_by_all(path: str) -> list[str]:
    """Which of a database and the two directories around it every user of the machine may change; in words of
    its owner, what ``chmod go-rwx`` should be applied to."""
    directory = os.path.dirname(path)
    return [place for place in (os.path.dirname(directory), directory, path) if _is_writable_by_all(place)]


def describe_exposed(places: list[str]) -> str:
    """What to tell of what :func:`writable_by_all` found, and what to do about it."""
    from shlex import join

    return f"every user can change {' and '.join(places)}: {join(['chmod', 'go-rwx', *places])}"


def agent_names() -> list[str]:
    """All agents in order; ``local`` is always one of them. Raises DatabaseUnusable where the directory
    cannot be read."""
    names, directory = {DEFAULT_AGENT}, state_directory()
    try:
        found = os.listdir(directory)
    except FileNotFoundError:
        _refuse_lost_directory(directory)
        found = []
    except OSError as error:
        raise _unreadable(directory, error) from error
    for file_name in found:
        if not file_name.endswith(_SUFFIX):
            continue
        try:
            names.add(check_name(file_name[: -len(_SUFFIX)]))
        except InvalidAgentName:
            continue
    return sorted(names)


def discover() -> list[Agent]:
    """Every agent with the size and age of its files. Raises DatabaseUnusable where they cannot be seen."""
    return [look_at(name) for name in agent_names()]


def look_at(name: str) -> Agent:
    """One agent with the size and age of its files. Raises InvalidAgentName, DatabaseUnusable."""
    from sloth_tui.model import Agent

    path = database_path(name)
    size, modified = 0, None
    database = status_of(path)
    for status in () if database is None else (database, _status_of_log(path)):
        if status is not None:
            size += status.st_size
            modified = max(modified or 0.0, status.st_mtime)
    return Agent(name, path, database is not None, size, modified)


def no_such_agent(name: str) -> AgentNotFound:
    """The error that names the agents there are."""
    from sloth_tui.text import listed

    return AgentNotFound(f"agent '{name}' has no database", hint="agents: " + listed(agent_names()))


def _is_writable_by_all(path: str) -> bool:
    try:
        return bool(os.stat(path).st_mode & 0o002)
    except OSError:
        return False


def _status_of_log(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path + "-wal")
    except OSError:
        return None


def _refuse_lost_directory(directory: str) -> None:
    """Raise DatabaseUnusable if nothing is in a directory only because a link to it leads nowhere: what it
    names may be a disk that is not mounted."""
    while True:
        try:
            os.lstat(directory)
        except FileNotFoundError:
            directory = os.path.dirname(directory)
            continue
        except OSError as error:
            raise _unreadable(directory, error) from error
        if not os.path.exists(directory):
            raise DatabaseUnusable(
                f"{directory}: a symbolic link to nothing", hint="what it names may not be mounted"
            )
        return


def _unreadable(path: str, error: OSError) -> DatabaseUnusable:
    why = error.strerror or str(error)
    hint = "what is there cannot be told"
    if isinstance(error, PermissionError):
        hint = "check the permissions of the directories above it"
    return DatabaseUnusable(f"{path}: {why[:1].lower()}{why[1:]}", hint=hint)
