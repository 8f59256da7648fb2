"""The errors of history, past and undo, with their messages."""

from __future__ import annotations

from sloth_tui.errors import Conflict, HistoryPruned, KeyNotFound, RevisionNotFound
from sloth_tui.text import listed

_NAMED_KEYS = 5
"""Number of keys that a message names."""


def no_revision_yet(revision: int, newest: int) -> RevisionNotFound:
    return RevisionNotFound(f"no revision {revision} yet", hint=f"the newest is {newest}")


def state_not_kept(revision: int, oldest: int) -> HistoryPruned:
    return HistoryPruned(
        f"the state at revision {revision} is no longer kept", hint=f"it is complete since revision {oldest}"
    )


def entry_not_kept(key: str, revision: int, oldest: int) -> HistoryPruned:
    return HistoryPruned(
        f"the value of '{key}' at revision {revision} is no longer kept", hint=_reach(oldest)
    )


def time_not_kept(oldest: int) -> HistoryPruned:
    return HistoryPruned("history does not go back that far", hint=_reach(oldest))


def changes_not_kept(since: int, oldest: int) -> HistoryPruned:
    return HistoryPruned(
        f"not all changes after revision {since} are kept", hint=f"they are kept since revision {oldest}"
    )


def no_key_then(key: str, revision: int) -> KeyNotFound:
    return KeyNotFound(f"there was no key '{key}' at revision {revision}")


def secret_then(key: str, revision: int) -> HistoryPruned:
    return HistoryPruned(f"the value of '{key}' at revision {revision} is a secret, and not kept")


def no_change_set(name: str) -> RevisionNotFound:
    return RevisionNotFound(f"no change set '{name}'", hint="state log lists them")


def nothing_changed() -> RevisionNotFound:
    return RevisionNotFound("nothing was ever changed")


def change_set_not_kept(name: str) -> HistoryPruned:
    return HistoryPruned(f"change set {name} is no longer kept")


def empty_change_set(name: str, *, forgotten: bool) -> HistoryPruned:
    """Return the error for a change set without revisions; ``forgotten``: True if it once had one."""
    kept = "none of its revisions is kept" if forgotten else "it changed no key"
    return HistoryPruned(f"change set {name}: {kept}")


def change_set_partly_kept(name: str, forgotten: int) -> HistoryPruned:
    return HistoryPruned(
        f"change set {name}: {forgotten:,} of its revisions are no longer kept",
        hint="nothing was changed; --force undoes the rest",
    )


def changed_since(keys: list[str]) -> Conflict:
    return _conflict("changed since", keys, "--force undoes them anyway")


def no_old_value(keys: list[str]) -> Conflict:
    return _conflict("no old value is kept of", keys, "--force leaves them as they are")


def _conflict(what: str, keys: list[str], hint: str) -> Conflict:
    return Conflict(f"{what}: {listed(keys, _NAMED_KEYS)}", hint=f"nothing was changed; {hint}")


def _reach(oldest: int) -> str:
    return f"all of the state is known since revision {oldest}"
