"""Describe change sets and revisions in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.masking import MASK
from sloth_tui.text import display_text
from sloth_tui.values.render import one_line

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet, Revision

OTHERS = "another program"
_KEY_LIMIT = 120


def title_of(change_set: ChangeSet) -> str:
    """Return the title of a change set. Data."""
    if change_set.origin is None:
        return "changes of another program"
    return change_set.origin.title or "(no title)"


def author_of(change_set: ChangeSet) -> str:
    """Return the author of a change set. Data."""
    return OTHERS if change_set.origin is None else change_set.origin.user


def sign_of(revision: Revision) -> str:
    """Return ``+`` if the key was created, ``-`` if deleted, ``~`` if changed."""
    if revision.operation == "delete":
        return "-"
    return "+" if revision.created else "~"


def describe_revision(revision: Revision, *, hidden: bool) -> str:
    """Return ``key = new``, ``key: old → new`` or ``key (was old)``, harmless. ``hidden``: mask values."""
    key = display_text(revision.key, _KEY_LIMIT)
    if revision.secret:
        return f"{key}  (secret, no value kept)"
    old, new = (MASK if hidden else one_line(value) for value in (revision.old, revision.new))
    if revision.operation == "delete":
        return f"{key} (was {old})"
    return f"{key} = {new}" if revision.old is None else f"{key}: {old} → {new}"
