"""Changes of the entry under the cursor: what is asked first, what is told afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import Conflict, InvalidKey, SlothError
from sloth_tui.text import display_text, format_size
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.editing import EDITABLE_SIZE, form_of, from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App

    from sloth_tui.model import Entry, Revision, Value
    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.operations.common import Flows
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.detail import Attempt

_NAMED = 80
"""Characters of a key that are said."""
_OUTSIDE_SIZE = 8 * 1024 * 1024
"""Bytes of a value beyond which it is not given to an editor."""
_SAMPLE = 40
"""Lines of a difference that are shown before it is made."""
_SUFFIXES = {"table": ".json", "escaped": ".json", "bytes": ".hex"}


class EntryFlows:
    """Coroutines to be run as workers of the app. Errors of the store are raised."""

    def __init__(self, app: App[int], flows: Flows, services: Services) -> None:
        self._app = app
        self._flows = flows
        self._services = services
        self._changed = False
        """Whether the last value that was saved was another one."""

    async def edit(self, key: str) -> None:
        """In a dialog."""
        entry = await self._entry(key, EDITABLE_SIZE, f"{key_of('edit_outside')} opens it in $EDITOR")
        await self._edit(entry)

    async def edit_outside(self, key: str) -> None:
        """In $EDITOR. What cannot be saved comes back in the dialog, or a file where it is too large."""
        from sloth_tui.tui.external.programs import edit_text, keep_text

        entry = await self._entry(key, _OUTSIDE_SIZE, "get and set it by the command line")
        form = form_of(entry.value, entry.type)
        text, name = to_text(entry.value, form), _file_name(key) + _SUFFIXES.get(form, ".txt")
        typed = edit_text(cast("Lender", self._app), text, name)
        if typed == text:
            self._flows.tell("nothing was changed")
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
        """The key that was made, if any."""
        from sloth_tui.tui.dialogs.edit import EditScreen

        typable = suggestion if display_text(suggestion) == suggestion else ""
        key = await self._flows.ask(
            EditScreen(None, self._save, key=typable, is_secret=self._services.is_secret)
        )
        if key:
            self._saved(key)
        return key

    async def page(self, key: str) -> None:
        """All of the value in $PAGER."""
        from sloth_tui.tui.external.programs import page_text
        from sloth_tui.tui.widgets.detail.value_text import whole_text

        entry = await asyncio.wrap_future(self._services.entry(key))
        page_text(cast("Lender", self._app), whole_text(entry.value))

    async def rename(self, key: str) -> str | None:
        """The new key, if it was renamed."""
        entry = await asyncio.wrap_future(self._services.entry(key))
        change = self._services.detail.rename
        name = await self._name("Rename", f"Rename {key}", entry, lambda name: change(entry, name))
        if name:
            self._flows.tell_change(f"renamed {_named(key)} to {_named(name)}")
        return name

    async def duplicate(self, key: str) -> str | None:
        """The new key, if there is one."""
        entry = await asyncio.wrap_future(self._services.entry(key))
        change = self._services.detail.duplicate
        name = await self._name("Duplicate", f"Duplicate {key}", entry, lambda name: change(entry, name))
        if name:
            self._flows.tell_change(f"duplicated {_named(key)} as {_named(name)}")
        return name

    async def retype(self, key: str) -> None:
        """Choose another type, and what becomes of the value with it."""
        from sloth_tui.tui.dialogs.retype import RetypeScreen

        entry = await self._entry(key, _OUTSIDE_SIZE, "larger values keep their types")
        value = await self._flows.ask(RetypeScreen(entry))
        if value is None:
            return
        attempt = await self._save(key, entry, value)
        if not attempt.saved:
            raise Conflict(
                f"{_named(key)} was changed by somebody else meanwhile", hint="nothing was changed"
            )
        self._saved(key)

    async def restore(self, entry: Entry, revision: Revision, *, hidden: bool) -> None:
        """Make it what it was at a revision, after showing what that changes."""
        from sloth_tui.tui.widgets.detail.difference import difference, paint

        if revision.secret:
            raise SlothError("the values of this key are kept out of history", hint="nothing was changed")
        pieces = [] if hidden else difference(entry.value, revision.new)
        sample = ["masked"] if hidden else [paint(piece).plain for piece in pieces[:_SAMPLE]]
        more = f"… and {len(pieces) - _SAMPLE:,} more lines" if len(pieces) > _SAMPLE else ""
        verb = "Restore" if revision.new is not None else "Delete"
        question = f"{verb} {entry.key}, as it was at revision {revision.revision:,}?"
        if not await self._flows.confirmed(question, sample or ["It is the same now."], more, verb):
            return
        changed = await asyncio.wrap_future(self._services.detail.restore(entry, revision.revision))
        if changed:
            self._flows.tell_change(f"{_named(entry.key)} is what it was at revision {revision.revision:,}")
        else:
            self._flows.tell("it is that already")

    async def _entry(self, key: str, limit: int, hint: str) -> Entry:
        entry = await asyncio.wrap_future(self._services.entry(key))
        if entry.size > limit:
            raise SlothError(
                f"the value has {format_size(entry.size)}, and {format_size(limit)} can be edited", hint=hint
            )
        return entry

    async def _edit(self, entry: Entry, typed: str | None = None, tried: Attempt | str = "") -> None:
        from sloth_tui.tui.dialogs.edit import EditScreen

        if await self._flows.ask(EditScreen(entry, self._save, typed=typed, tried=tried)):
            self._saved(entry.key)

    async def _name(
        self, title: str, question: str, entry: Entry, change: Callable[[str], Future[None]]
    ) -> str | None:
        from sloth_tui.tui.dialogs.name import NameScreen

        is_secret = self._services.is_secret

        async def attempt(name: str) -> None:
            if name == entry.key:
                raise InvalidKey("that is its name already")
            await asyncio.wrap_future(change(name))

        def remark(name: str) -> str:
            if is_secret(entry.key) and not is_secret(name):
                return "By this name the value is no secret, and will be shown."
            return ""

        return await self._flows.ask(NameScreen(title, question, attempt, value=entry.key, remark=remark))

    def _saved(self, key: str) -> None:
        if self._changed:
            self._flows.tell_change(f"saved {_named(key)}")
        else:
            # There is nothing of it that could be taken back.
            self._flows.tell(f"{_named(key)} is that already")

    async def _save(self, key: str, before: Entry | None, value: Value) -> Attempt:
        attempt = await asyncio.wrap_future(self._services.detail.replace(key, before, value))
        self._changed = attempt.changed
        return attempt


def _file_name(key: str) -> str:
    """Tells a person which key it is; safe in every file system."""
    return "".join(character if character.isascii() and character.isalnum() else "_" for character in key)[
        :60
    ]


def _named(key: str) -> str:
    return display_text(key, _NAMED)


def _is_typable(text: str) -> bool:
    """Whether an input may show it as it is."""
    return display_text(text, lines=True) == text
