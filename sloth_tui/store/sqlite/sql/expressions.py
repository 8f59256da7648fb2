"""SQL expressions shared by the triggers and by statements of several modules."""

from __future__ import annotations

NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
"""The time now as a documented timestamp: UTC, to the millisecond."""
NOW_MS = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
"""The time now in unix milliseconds."""
NEXT_REVISION = "(SELECT coalesce(max(revision), 0) + 1 FROM sloth_history)"
HIDDEN = "secret"
"""The ``old_type`` of a row whose ``old`` value is kept out of history."""
