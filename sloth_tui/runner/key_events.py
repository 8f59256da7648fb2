"""Make the events about keys from the revisions that a run, or the undo of one, has committed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.runner.events import KeyChanged, KeyRestored

if TYPE_CHECKING:
    from sloth_tui.model import Revision, Value

LONGEST_VALUE = 16 * 1024
"""Characters, or bytes, of a value in an event; a longer value is cut."""


def key_changed(revision: Revision) -> KeyChanged:
    """Return the event for a revision that a run made."""
    task = None if revision.origin is None else revision.origin.task
    return KeyChanged(task, *key_restored(revision))  # its other fields are the same


def key_restored(revision: Revision) -> KeyRestored:
    """Return the event for a revision that the undo of a run made."""
    old, old_cut = shorten(revision.old)
    new, new_cut = shorten(revision.new)
    return KeyRestored(
        revision.key,
        old,
        new,
        revision.revision,
        shortened=old_cut or new_cut,
        secret=revision.secret,
        created=revision.created,
        deleted=revision.operation == "delete",
    )


def shorten(value: Value | None) -> tuple[Value | None, bool]:
    """Return as much of a value as an event carries, and True if it was cut: then it is text or bytes."""
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
        return (text[:LONGEST_VALUE], True) if len(text) > LONGEST_VALUE else (value, False)
    if isinstance(value, (str, bytes)) and len(value) > LONGEST_VALUE:
        return value[:LONGEST_VALUE], True
    return value, False
