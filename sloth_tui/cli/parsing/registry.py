"""List all commands, and import the declaration of a command when it is needed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.parsing.spec import Command

_MODULES = {
    "tui": "tui",
    "web": "web",
    "state list": "state_list",
    "state show": "state_show",
    "state get": "state_get",
    "state set": "state_set",
    "state ttl": "state_ttl",
    "state expire": "state_ttl",
    "state persist": "state_ttl",
    "state increment": "state_increment",
    "state delete": "state_remove",
    "state clear": "state_remove",
    "state stats": "state_stats",
    "state history": "state_history",
    "state diff": "state_diff",
    "state rollback": "state_rollback",
    "state log": "state_log",
    "state undo": "state_log",
    "state watch": "state_watch",
    "state wait": "state_watch",
    "state compact": "state_compact",
    "state export": "state_export",
    "state import": "state_import",
    "state copy": "state_copy",
    "state move": "state_copy",
    "state search": "state_search",
    "state backup": "state_backup",
    "state restore": "state_backup",
    "state doctor": "state_doctor",
    "state encrypt": "state_encrypt",
    "state decrypt": "state_encrypt",
    "state rekey": "state_encrypt",
    "lock list": "lock",
    "lock acquire": "lock",
    "lock release": "lock",
    "lock break": "lock",
    "lock run": "lock_run",
    "lock history": "lock",
    "run": "run",
    "drift": "drift",
    "runs list": "runs",
    "runs show": "runs",
    "runs output": "runs_output",
    "runs attach": "runs_output",
    "runs undo": "runs_undo",
    "runs stop": "runs_undo",
    "runs forget": "runs_undo",
    "examples": "examples",
    "examples show": "examples",
    "agents": "agents",
    "store check": "store_check",
    "hosts": "hosts",
    "completion": "completion",
}
"""Path of a command -> module of ``sloth_tui.cli.commands``, in the order help shows them.

A command may have commands below it: both ``examples`` and ``examples show`` are commands.
"""

GROUPS = {
    "state": "read and change an agent's entries",
    "lock": "see, take and give back locks",
    "runs": "runs that go on, and those that were",
    "store": "where the state is",
}


def paths() -> list[tuple[str, ...]]:
    """Return the path of every command."""
    return [tuple(path.split()) for path in _MODULES]


def is_command(path: tuple[str, ...]) -> bool:
    """True if the path is that of a command, not only of a group."""
    return " ".join(path) in _MODULES


def children(path: tuple[str, ...]) -> list[str]:
    """Return the words that may follow ``path``."""
    depth = len(path)
    return list(dict.fromkeys(full[depth] for full in paths() if full[:depth] == path and len(full) > depth))


def load(path: tuple[str, ...]) -> Command:
    """Return the declaration of the command with this path. Raises KeyError if there is none."""
    name = _MODULES[" ".join(path)]
    module = __import__(f"sloth_tui.cli.commands.{name}", fromlist=["COMMANDS"])
    for command in module.COMMANDS:
        if command.path == path:
            found: Command = command
            return found
    raise KeyError(path)
