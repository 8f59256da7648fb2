"""Find the files that can be run."""

from __future__ import annotations

import os

from sloth_tui.text import display_text

TASK_SUFFIXES = (".lua", ".sloth")
_SCAN_LIMIT = 5000
_OFFER_LIMIT = 200


def candidates(typed: str) -> list[str]:
    """Return the task files and directories (ending in ``/``) whose path begins with ``typed``, sorted.

    Hidden ones only after a typed dot. Names that cannot be typed (control characters, not UTF-8) are left
    out. Looks at no more than 5,000 names; an unreadable directory gives none.
    """
    directory, start = os.path.split(typed)
    folder = os.path.expanduser(directory) or "."
    directories, files = [], []
    try:
        with os.scandir(folder) as listing:
            for _, item in zip(range(_SCAN_LIMIT), listing, strict=False):
                name = item.name
                if not name.startswith(start) or (name[0] == "." and not start):
                    continue
                if display_text(name) != name:
                    continue
                if item.is_dir():
                    directories.append(os.path.join(directory, name) + "/")
                elif name.endswith(TASK_SUFFIXES):
                    files.append(os.path.join(directory, name))
    except (OSError, ValueError):
        return []
    return (sorted(files) + sorted(directories))[:_OFFER_LIMIT]
