"""Change the entry under the cursor: ask first, report afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import Conflict, InvalidKey, SlothError
from sloth_tui.text import display_text, format_size
from sloth_tui.tui.actions import is_offered, key_of
from sloth_tui.tui.editing import EDITABLE_SIZE, form_of
from sloth_tui.values.parse import from_text
from sloth_tui.values.render import to_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App

    from sloth_tui.model import Entry, Revision, Value
    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.operations.common import EntryFeed, Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.detail import Attempt

_KEY_LIMIT = 80
"""Characters of a key shown in a toast."""
_EDITOR_LIMIT = 8 * 1024 * 1024
"""Bytes of the largest value given to an external editor."""
_SAMPLE_LINES = 40
"""Lines of a difference shown before a restore."""
_SUFFIXES = {"table": ".json", "escaped": ".json", "bytes": ".hex"}


class EntryOperations:
    """Coroutines to run as workers of the app. They raise the errors of the store."""

    def __init__(self, app: App[int], operations: Operations, services: Services, feed: EntryFeed) -> None:
        self._app = app
        self._operations = operations
        self._services = services
        self._feed = feed
        self._changed = self._limited = False
        """True if the last save changed the value, or how long the entry has to live."""

    async def edit(self, key: str) -> None:
        """Edit the value in a dialog. Raises SlothError if it is too large."""
        way = "get and set it by the command line"
        if is_offered("edit_outside"):
            way = f"{key_of('edit_outside')} opens it in $EDITOR"
        entry = await self._entry(key, EDITABLE_SIZE, way)
        await self._edit(entry)

    async def edit_outside(self, key: str) -> None:
        """Edit the value in $EDITOR. A text that cannot be saved opens in the dialog, or is kept in a file if
        it is too large."""
        from sloth_tui.tui.external.programs import edit_text, keep_text

        entry = await self._entry(key, _EDITOR_LIMIT, "get and set it by the command line")
        form = form_of(entry.value, entry.type)
        text, name = to_text(entry.value, form), _file_name(key) + _SUFFIXES.get(form, ".txt")
        typed = edit_text(cast("Lender", self._app), text, name)
        if typed == text:
            self._operations.notify("nothing was changed")
            return
        problem, attempt = "somebody else changed it meanwhile", None
        try:
            attempt = await self._save(key, entry, from_text(typed, form))
        except SlothError as error:
            problem = error.message
        if attempt is not None and attempt.saved:
            self._saved(key)
        elif len(typed) <= EDITABLE_SIZE and _is_typable(typed):
            await self._edit(entry, typed, problem if attempt is None else attempt)
        else:
            raise SlothError(f"not saved: {problem}", hint=f"yours is kept in {keep_text(typed, name)}")

    async def create(self, suggestion: str) -> str | None:
        """Ask for a key and a value and set them; return the key, or None."""
        from sloth_tui.tui.dialogs.edit import EditScreen

        typable = suggestion if display_text(suggestion) == suggestion else ""
        key = await self._operations.ask(
            EditScreen(None, self._save, key=typable, is_secret=self._services.is_secret)
        )
        if key:
            self._saved(key)
        return key

    async def page(self, key: str) -> None:
        """Show the whole value in $PAGER."""
        from sloth_tui.tui.external.programs import page_text
        from sloth_tui.tui.widgets.detail.value_text import whole_text

        entry = await asyncio.wrap_future(self._services.lookups.entry(key))
        page_text(cast("Lender", self._app), whole_text(entry.value))

    async def rename(self, key: str) -> str | None:
        """Ask for a new key and rename; return the key, or None."""
        entry = await asyncio.wrap_future(self._services.lookups.entry(key))
        change = self._services.detail.rename
        name = await self._name("Rename", f"Rename {key}", entry, lambda name: change(entry, name))
        if name:
            self._operations.notify_undoable(f"renamed {_named(key)} to {_named(name)}")
        return name

    async def limit(self, key: str) -> None:
        """Ask how long an entry has to live, and see to it."""
        from sloth_tui.tui.dialogs.prompt import NameScreen
        from sloth_tui.tui.editing import limit_of, limit_text

        entry = await asyncio.wrap_future(self._services.lookups.entry(key))
        shown = limit_text(entry)

        async def attempt(text: str) -> None:
            if text != shown:
                await asyncio.wrap_future(self._services.detail.limit(key, limit_of(text) or None))

        question = f"How long {key} has to live, like 90, 5m, 2h or 1d. Empty: it stays."
        text = await self._operations.ask(NameScreen("Time to live", question, attempt, value=shown))
        if text is not None and text != shown:
            after = f"is gone after {text}" if text.strip() else "stays"
            self._operations.notify(f"{_named(key)} {after}")

    async def duplicate(self, key: str) -> str | None:
        """Ask for another key and copy the value to it; return the key, or None."""
        entry = await asyncio.wrap_future(self._services.lookups.entry(key))
        change = self._services.detail.duplicate
        name = await self._name("Duplicate", f"Duplicate {key}", entry, lambda name: change(entry, name))
        if name:
            self._operations.notify_undoable(f"duplicated {_named(key)} as {_named(name)}")
        return name

    async def retype(self, key: str) -> None:
        """Ask for another type and convert the value. Raises Conflict if the entry changed meanwhile."""
        from sloth_tui.tui.dialogs.retype import RetypeScreen

        entry = await self._entry(key, _EDITOR_LIMIT, "larger values keep their types")
        value = await self._operations.ask(RetypeScreen(entry))
        if value is None:
            return
        attempt = await self._save(key, entry, value)
        if not attempt.saved:
            raise Conflict(
                f"{_named(key)} was changed by somebody else meanwhile", hint="nothing was changed"
            )
        self._saved(key)

    async def restore(self, entry: Entry, revision: Revision, *, hidden: bool) -> None:
        """Restore an entry to a revision, after showing the difference."""
        from sloth_tui.tui.widgets.detail.difference import compare, paint

        if revision.secret:
            raise SlothError("the values of this key are kept out of history", hint="nothing was changed")
        pieces = [] if hidden else compare(entry.value, revision.new)
        sample = ["masked"] if hidden else [paint(piece).plain for piece in pieces[:_SAMPLE_LINES]]
        more = f"… and {len(pieces) - _SAMPLE_LINES:,} more lines" if len(pieces) > _SAMPLE_LINES else ""
        verb = "Restore" if revision.new is not None else "Delete"
        question = f"{verb} {entry.key}, as it was at revision {revision.revision:,}?"
        if not await self._operations.confirm(question, sample or ["It is the same now."], more, verb):
            return
        changed = await asyncio.wrap_future(self._services.detail.restore(entry, revision.revision))
        if changed:
            self._operations.notify_undoable(
                f"{_named(entry.key)} is what it was at revision {revision.revision:,}"
            )
        else:
            self._operations.notify("it is that already")

    async def _entry(self, key: str, limit: int, hint: str) -> Entry:
        entry = await asyncio.wrap_future(self._services.lookups.entry(key))
        if entry.size > limit:
            raise SlothError(
                f"the value has {format_size(entry.size)}, and {format_size(limit)} can be edited", hint=hint
            )
        return entry

    async def _edit(self, entry: Entry, typed: str | None = None, tried: Attempt | str = "") -> None:
        from sloth_tui.tui.dialogs.edit import EditScreen

        dialog = EditScreen(entry, self._save, typed=typed, tried=tried)
        with self._feed.followed_by(dialog.hear):
            saved = await self._operations.ask(dialog)
        if saved:
            self._saved(entry.key)

    async def _name(
        self, title: str, question: str, entry: Entry, change: Callable[[str], Future[None]]
    ) -> str | None:
        from sloth_tui.tui.dialogs.prompt import NameScreen

        is_secret = self._services.is_secret

        async def attempt(name: str) -> None:
            if name == entry.key:
                raise InvalidKey("that is its name already")
            await asyncio.wrap_future(change(name))

        def remark(name: str) -> str:
            if is_secret(entry.key) and not is_secret(name):
                return "By this name the value is not a secret, and will be shown."
            return ""

        return await self._operations.ask(
            NameScreen(title, question, attempt, value=entry.key, remark=remark)
        )

    def _saved(self, key: str) -> None:
        if self._changed:
            self._operations.notify_undoable(f"saved {_named(key)}")
        elif self._limited:
            self._operations.notify(f"{_named(key)} has another time to live")
        else:
            # Nothing changed, so there is nothing to undo.
            self._operations.notify(f"{_named(key)} is that already")

    async def _save(self, key: str, before: Entry | None, value: Value, ttl: float | None = None) -> Attempt:
        attempt = await asyncio.wrap_future(self._services.detail.replace(key, before, value, ttl))
        self._changed, self._limited = attempt.changed, attempt.limited
        return attempt


def _file_name(key: str) -> str:
    """Return a file name that resembles the key and is safe in every file system."""
    return "".join(character if character.isascii() and character.isalnum() else "_" for character in key)[
        :60
    ]


def _named(key: str) -> str:
    return display_text(key, _KEY_LIMIT)


def _is_typable(text: str) -> bool:
    """True if an input may show the text as it is."""
    return display_text(text, lines=True) == text
