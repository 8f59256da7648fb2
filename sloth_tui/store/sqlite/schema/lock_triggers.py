"""The triggers that notice when another program takes or changes a lock.

Our rows are inserted with a token and never updated. An insert without a token, or any update of the
documented columns, is by another program: its acquisition gets a new token, which makes every earlier one
void, and the columns that described our own acquisition are cleared.

The triggers run inside other programs. Their statements cannot conflict, since an INSERT OR REPLACE that
fires them would impose its conflict policy on them; and they use nothing that SQLite 3.8 lacks.
"""

from __future__ import annotations

_COUNT_UP = """
      INSERT INTO sloth_lock_tokens (name, token)
        SELECT NEW.name, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_lock_tokens WHERE name = NEW.name);
      UPDATE sloth_lock_tokens SET token = token + 1 WHERE name = NEW.name;"""
_DISOWN = """
      UPDATE locks SET
        token = (SELECT token FROM sloth_lock_tokens WHERE name = NEW.name),
        owner_host = NULL, owner_pid = NULL, owner_start = NULL, owner_boot = NULL,
        deadline = NULL, boot_id = NULL, tied = NULL
        WHERE name = NEW.name;"""

LOCK_TRIGGERS = (
    f"""CREATE TRIGGER sloth_others_locked AFTER INSERT ON locks WHEN NEW.token IS NULL
    BEGIN{_COUNT_UP}{_DISOWN}
    END""",
    f"""CREATE TRIGGER sloth_others_relocked AFTER UPDATE OF name, holder, acquired_at, expires_at ON locks
    WHEN NEW.name IS NOT OLD.name OR NEW.holder IS NOT OLD.holder
      OR NEW.acquired_at IS NOT OLD.acquired_at OR NEW.expires_at IS NOT OLD.expires_at
    BEGIN{_COUNT_UP}{_DISOWN}
    END""",
)
