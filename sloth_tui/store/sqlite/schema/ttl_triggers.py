"""The triggers that end a time to live with the value that it was given to, and all triggers of entries.

Whatever is written to an entry takes its time to live away, whoever writes it: another program, or an older
version of this one, knows of none, and what it writes must stay. Writes of ours that keep one put it back, in
the same transaction. The triggers run inside other programs: see
:mod:`sloth_tui.store.sqlite.schema.history_triggers`.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.schema.history_triggers import HISTORY_TRIGGERS

_IS_USED = "EXISTS (SELECT 1 FROM sloth_ttl)"
"""Usually false, and then nothing is searched."""

TTL_TRIGGERS = (
    f"""CREATE TRIGGER sloth_ttl_inserted AFTER INSERT ON state WHEN {_IS_USED}
    BEGIN
      DELETE FROM sloth_ttl WHERE key = NEW.key;
    END""",
    f"""CREATE TRIGGER sloth_ttl_updated AFTER UPDATE OF value, key ON state WHEN {_IS_USED}
    BEGIN
      DELETE FROM sloth_ttl WHERE key IN (OLD.key, NEW.key);
    END""",
    f"""CREATE TRIGGER sloth_ttl_deleted AFTER DELETE ON state WHEN {_IS_USED}
    BEGIN
      DELETE FROM sloth_ttl WHERE key = OLD.key;
    END""",
)
TRIGGERS = (*HISTORY_TRIGGERS, *TTL_TRIGGERS)
"""All triggers of ``state`` and of its history."""
