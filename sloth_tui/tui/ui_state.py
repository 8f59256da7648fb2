"""What the terminal UI remembers from one time to the next, in ``<base>/tui.json``.

Only looks are in it, so that a file that cannot be read or written is no reason not to start: whatever is
wrong in it is as if it were not there.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.agents import DEFAULT_AGENT, base_directory, check_name, database_path, status_of
from sloth_tui.documents.reading import read_regular
from sloth_tui.errors import DatabaseUnusable, InvalidAgentName, UsageError
from sloth_tui.model import SORT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT = 64 * 1024
"""Bytes; a longer file was not written by this program."""
_MOST = 1000
"""Cells or lines; no pane is larger."""

Sizes = dict[str, dict[str, int]]
"""For each class of widths, the cells or lines of panes that were given a size."""


class Remembered(NamedTuple):
    """How somebody left the screen. Everything has a default."""

    agent: str | None = None
    theme: str | None = None
    sizes: Sizes = {}  # noqa: RUF012  # never changed in place
    collapsed: tuple[str, ...] = ()
    tab: str = ""
    """The pane that the dock showed; empty: the first."""
    sort: str = "key"
    descending: bool = False
    tree: bool = False
    """Whether keys are shown folded."""


def remembered_path() -> str:
    return os.path.join(base_directory(), "tui.json")


def recall() -> tuple[Remembered, str | None]:
    """What is remembered and, where a file is there that makes no sense, why it is not looked at."""
    path = remembered_path()
    try:
        document = json.loads(read_regular(path, _LIMIT))
        if not isinstance(document, dict):
            raise TypeError("no JSON object")
    except FileNotFoundError:
        return Remembered(), None
    except OSError as error:
        return Remembered(), f"{path}: {error.strerror}"
    except (UsageError, ValueError, TypeError, RecursionError):
        return Remembered(), f"{path}: not what this program wrote; sizes and colours are the usual ones"
    return understood(document), None


def last_agent(remembered: Remembered) -> str:
    """The agent that was on screen last, if it still has a database."""
    name = remembered.agent
    try:
        return name if name is not None and status_of(database_path(name)) is not None else DEFAULT_AGENT
    except DatabaseUnusable:
        return name or DEFAULT_AGENT  # to open it will tell why it cannot be


def understood(document: dict[str, object]) -> Remembered:
    """What a parsed file says, as far as it makes sense."""
    default = Remembered()
    sort, collapsed, theme, tab = (document.get(name) for name in ("sort", "collapsed", "theme", "tab"))
    return Remembered(
        agent=_agent(document.get("agent")),
        theme=theme if isinstance(theme, str) else None,
        sizes=_sizes(document.get("sizes")),
        collapsed=tuple(name for name in collapsed if isinstance(name, str))
        if isinstance(collapsed, list)
        else (),
        tab=tab if isinstance(tab, str) else default.tab,
        sort=sort if isinstance(sort, str) and sort in SORT_COLUMNS else default.sort,
        descending=document.get("descending") is True,
        tree=document.get("tree") is True,
    )


def save(remembered: Remembered) -> bool:
    """Write it, all or nothing. False where that is not possible, or where nothing of this program is in the
    base directory, which is not made for this."""
    import tempfile

    path = remembered_path()
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".tui.json.", dir=os.path.dirname(path))
    except OSError:
        return False
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(remembered._asdict(), file, indent=2)
            file.write("\n")
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        return False
    return True


def _agent(value: object) -> str | None:
    try:
        return check_name(value) if isinstance(value, str) else None
    except InvalidAgentName:
        return None


def _sizes(value: object) -> Sizes:
    if not isinstance(value, dict):
        return {}
    return {
        room: {
            pane: size
            for pane, size in panes.items()
            if isinstance(size, int) and not isinstance(size, bool) and 0 < size <= _MOST
        }
        for room, panes in value.items()
        if isinstance(panes, dict)
    }


class Memory:
    """What is remembered now; ``changed`` is called whenever that is something else than before."""

    def __init__(self, now: Remembered = Remembered(), *, keep: bool = False) -> None:  # noqa: B008  # immutable
        """``keep``: whether :meth:`write` does."""
        self.now = now
        self.changed: Callable[[], object] = lambda: None
        self._keep = keep
        self._written = now

    def note(self, **what: object) -> None:
        """Remember these fields of :class:`Remembered` instead."""
        before, self.now = self.now, self.now._replace(**what)  # type: ignore[arg-type]  # by their names
        if self.now != before:
            self.changed()

    def write(self) -> None:
        """Put on disk what is not there yet. May be slow."""
        now = self.now
        if self._keep and now != self._written and save(now):
            self._written = now
