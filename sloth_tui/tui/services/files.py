"""Files a person may want to run."""

from __future__ import annotations

import os

from sloth_tui.text import display_text

TASK_SUFFIXES = (".lua", ".sloth")
_LOOKED_AT = 5000
_OFFERED = 200


def candidates(typed: str) -> list[str]:
    """Directories (ending in ``/``) and task files whose path begins with what was typed, in order.

    Hidden ones only where a dot was typed. What cannot be typed (control characters, no UTF-8) is not
    offered. Looks at no more than 5,000 names; a directory that cannot be read offers nothing.
    """
    directory, start = os.path.split(typed)
    folder = os.path.expanduser(directory) or "."
    directories, files = [], []
    try:
        with os.scandir(folder) as listing:
            for _, item in zip(range(_LOOKED_AT), listing, strict=False):
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
    return (sorted(files) + sorted(directories))[:_OFFERED]
