"""The state of the screen that the terminal UI keeps between sessions, in ``<base>/tui.json``.

It holds appearance, which task files were opened, and what was chosen for their runs. A file that cannot be
read or written never prevents a start; invalid parts are ignored.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.agents import DEFAULT_AGENT, base_directory, check_name
from sloth_tui.documents.reading import read_regular
from sloth_tui.errors import DatabaseUnusable, InvalidAgentName, UsageError
from sloth_tui.model import SORT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_BYTES = 256 * 1024
"""A longer file was not written by this program."""
_MAX_SIZE = 1000
"""Cells or lines of the largest pane."""
_MAX_RECENT = 20
_MAX_FORMS_CHARACTERS = 100_000
"""Of all forms together, as JSON."""

Sizes = dict[str, dict[str, int]]
"""Class of widths -> pane -> its size in cells or lines."""


class UiState(NamedTuple):
    """The screen as the user left it."""

    agent: str | None = None
    store: str | None = None
    """The address of the store that has the agent; None: the files of this machine."""
    theme: str | None = None
    sizes: Sizes = {}  # noqa: RUF012  # never changed in place
    collapsed: tuple[str, ...] = ()
    tab: str = ""
    """The pane shown in the dock; empty: the first."""
    sort: str = "key"
    descending: bool = False
    tree: bool = False
    """True if keys are shown as a tree."""
    recent: tuple[str, ...] = ()
    """Paths of the task files that were opened last, newest first."""
    forms: dict[str, dict[str, object]] = {}  # noqa: RUF012  # never changed in place
    """Path of a task file -> what was chosen for its runs, the newest last. Nothing that looks like a secret
    is among it."""

    def opened(self, path: str) -> tuple[str, ...]:
        """Return the recent files once this one is opened, too."""
        return (path, *(other for other in self.recent if other != path))[:_MAX_RECENT]

    def with_form(self, path: str, form: dict[str, object] | None) -> dict[str, dict[str, object]]:
        """Return the forms with this one for a file, None for none; old ones go when there is no room."""
        forms = {other: kept for other, kept in self.forms.items() if other != path}
        if form is not None:
            forms[path] = form
        while forms and len(json.dumps(forms)) > _MAX_FORMS_CHARACTERS:
            del forms[next(iter(forms))]
        return forms


def ui_state_path() -> str:
    return os.path.join(base_directory(), "tui.json")


def load() -> tuple[UiState, str | None]:
    """Return the saved state, and a warning if the file is invalid or unreadable."""
    path = ui_state_path()
    try:
        document = json.loads(read_regular(path, _MAX_BYTES))
        if not isinstance(document, dict):
            raise TypeError("not a JSON object")
    except FileNotFoundError:
        return UiState(), None
    except OSError as error:
        return UiState(), f"{path}: {error.strerror}"
    except (UsageError, ValueError, TypeError, RecursionError):
        return UiState(), f"{path}: not what this program wrote; sizes and colours are the usual ones"
    return parse(document), None


def last_agent(state: UiState, store: str | None, has_store: Callable[[str], bool]) -> str:
    """Return the agent of this store that was on screen last if it still has one, else the default agent.

    A store on another machine is not asked, which could take seconds: to open it will tell."""
    name = state.agent if state.store == store else None
    if store is not None:
        return name or DEFAULT_AGENT
    try:
        return name if name is not None and has_store(name) else DEFAULT_AGENT
    except DatabaseUnusable:
        return name or DEFAULT_AGENT  # to open it will tell why it cannot be


def parse(document: dict[str, object]) -> UiState:
    """Return the state of a decoded file; invalid fields get their defaults."""
    default = UiState()
    sort, collapsed, theme, tab = (document.get(name) for name in ("sort", "collapsed", "theme", "tab"))
    store = document.get("store")
    return UiState(
        agent=_agent(document.get("agent")),
        store=store if isinstance(store, str) else None,
        theme=theme if isinstance(theme, str) else None,
        sizes=_sizes(document.get("sizes")),
        collapsed=tuple(name for name in collapsed if isinstance(name, str))
        if isinstance(collapsed, list)
        else (),
        tab=tab if isinstance(tab, str) else default.tab,
        sort=sort if isinstance(sort, str) and sort in SORT_COLUMNS else default.sort,
        descending=document.get("descending") is True,
        tree=document.get("tree") is True,
        recent=_recent(document.get("recent")),
        forms=_forms(document.get("forms")),
    )


def save(state: UiState) -> bool:
    """Write the state atomically. Return False if that fails; a missing base directory is not created."""
    import tempfile

    path = ui_state_path()
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".tui.json.", dir=os.path.dirname(path))
    except OSError:
        return False
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(state._asdict(), file, indent=2)
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


def _recent(value: object) -> tuple[str, ...]:
    paths = value if isinstance(value, list) else []
    return tuple(path for path in paths if isinstance(path, str) and os.path.isabs(path))[:_MAX_RECENT]


def _forms(value: object) -> dict[str, dict[str, object]]:
    forms = value if isinstance(value, dict) else {}
    return {path: form for path, form in forms.items() if isinstance(form, dict) and _is_finite(form)}


def _is_finite(form: dict[str, object]) -> bool:
    """True unless a number is in it that JSON has not."""
    try:
        json.dumps(form, allow_nan=False)
    except ValueError:
        return False
    return True


def _sizes(value: object) -> Sizes:
    if not isinstance(value, dict):
        return {}
    return {
        room: {
            pane: size
            for pane, size in panes.items()
            if isinstance(size, int) and not isinstance(size, bool) and 0 < size <= _MAX_SIZE
        }
        for room, panes in value.items()
        if isinstance(panes, dict)
    }


class UiStateFile:
    """The current state; ``changed`` is called after every change of it."""

    def __init__(
        self,
        now: UiState = UiState(),  # noqa: B008  # immutable
        *,
        keep: bool = False,
        store: str | None = None,
        unsure: str | None = None,
    ) -> None:
        """``keep``: False makes :meth:`write` do nothing. ``store``: the address of the store on screen.
        ``unsure``: the remembered agent, if it may be no more."""
        self.unsure = unsure
        self._store = store
        self.now = now
        self.changed: Callable[[], object] = lambda: None
        self._keep = keep
        self._written = now

    def note(self, **what: object) -> None:
        """Replace these fields of the :class:`UiState`. The agent is that of the store on screen."""
        if "agent" in what:
            what["store"] = self._store
        before, self.now = self.now, self.now._replace(**what)  # type: ignore[arg-type]  # by their names
        if self.now != before:
            self.changed()

    def write(self) -> None:
        """Write the state to disk if it changed. May be slow."""
        now = self.now
        if self._keep and now != self._written and save(now):
            self._written = now
