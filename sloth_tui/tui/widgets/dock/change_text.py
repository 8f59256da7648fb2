"""Change sets, and what they did to keys, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.text import display_text, format_size
from sloth_tui.tui.secrets import MASK

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet, Revision, Value

OTHERS = "another program"
_KEY_LIMIT = 120
_VALUE_LIMIT = 80


def title(change: ChangeSet) -> str:
    """What was asked for. Data."""
    if change.origin is None:
        return "changes of another program"
    return change.origin.title or "(no title)"


def author(change: ChangeSet) -> str:
    """Who asked for it. Data."""
    return OTHERS if change.origin is None else change.origin.user


def one_line(value: Value | None, limit: int = _VALUE_LIMIT) -> str:
    """The beginning of a value, harmless; ``(none)`` where there is none."""
    if value is None:
        return "(none)"
    if isinstance(value, bytes):
        return f"bytes, {format_size(len(value))}"
    text = value[: limit + 1] if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return display_text(text, limit)


def sign(revision: Revision) -> str:
    """``+`` the key came, ``-`` it went, ``~`` it holds something else."""
    if revision.operation == "delete":
        return "-"
    return "+" if revision.created else "~"


def describe(revision: Revision, *, hidden: bool) -> str:
    """``key = new``, ``key: old → new`` or ``key (was old)``, as signs tell; harmless. ``hidden``: the values
    are not to be seen."""
    key = display_text(revision.key, _KEY_LIMIT)
    if revision.secret:
        return f"{key}  (secret, no value kept)"
    old, new = (MASK if hidden else one_line(value) for value in (revision.old, revision.new))
    if revision.operation == "delete":
        return f"{key} (was {old})"
    return f"{key} = {new}" if revision.old is None else f"{key}: {old} → {new}"
