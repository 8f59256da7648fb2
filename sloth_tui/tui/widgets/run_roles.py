"""How what a run says is drawn."""

from __future__ import annotations

ROLE_STYLES = {
    "heading": "bold $primary",
    "output": "$foreground",
    "change": "$secondary",
    "old": "$quiet",
    "new": "$foreground",
    "added": "$success",
    "removed": "$error",
    "warning": "$warning",
    "good": "$success",
    "bad": "bold $error",
    "quiet": "$quiet",
    "plain": "$foreground",
}
"""Role of :mod:`sloth_tui.runner.describe` -> style."""
