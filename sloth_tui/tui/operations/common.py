"""Changes made by the user: ask first, report afterwards.

Each operation is a coroutine that runs beside the screen. Every text in it may be data, so
:func:`display_text` is applied wherever it is shown. Dialogs are loaded when first opened.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import Interrupted
from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_age, format_count, format_duration, format_size
from sloth_tui.tui.actions import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from textual.app import App

    from sloth_tui.errors import SlothError
    from sloth_tui.model import Entry, Lock
    from sloth_tui.tui.dialogs.choose_file import FileChoice
    from sloth_tui.tui.dialogs.dialog import Dialog
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.job import Job

T = TypeVar("T")

_SAMPLE_SIZE = 8
_PREVIEW_CHARACTERS = 80


class EntryFeed:
    """Passes the entry on screen to listeners whenever it is read again."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str, Entry | None], None]] = []

    @contextmanager
    def followed_by(self, listener: Callable[[str, Entry | None], None]) -> Iterator[None]:
        """Call ``listener`` with the key and its entry (None: gone) whenever it is read."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def publish(self, key: str, entry: Entry | None) -> None:
        """Pass an entry that was read to the listeners."""
        for listener in self._listeners:
            listener(key, entry)


class Operations:
    """The dialogs around changes. Its coroutines run as workers of the app."""

    def __init__(self, app: App[int], services: Services) -> None:
        self._app = app
        self._services = services
        self._last_file = ""

    async def delete(self, keys: list[str]) -> None:
        """Delete these keys (one or more), after asking."""
        if len(keys) == 1:
            entry = await asyncio.wrap_future(self._services.lookups.entry(keys[0]))
            preview = MASK if self._services.is_secret(keys[0]) else _preview(entry)
            sample = [keys[0], "  " + preview]
        else:
            sample = keys[:_SAMPLE_SIZE]
        count = format_count(len(keys), "key")
        if await self.confirm(f"Delete {count}?", sample, _more(len(keys) - _SAMPLE_SIZE), f"Delete {count}"):
            only = keys[0] if len(keys) == 1 else ""
            await self._remove(f"Deleting {count}", lambda job: self._services.jobs.delete(job, keys), only)

    async def clear_prefix(self, suggestion: str) -> None:
        """Ask for a prefix and delete the keys that begin with it."""
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        prefix = await self._app.push_screen_wait(
            PromptScreen(
                "Clear the keys that begin with",
                value=suggestion if display_text(suggestion) == suggestion else "",
                note="enter counts them and asks before anything is deleted",
            )
        )
        if prefix:
            await self.clear(prefix)

    async def clear(self, prefix: str) -> None:
        """Delete the keys that begin with ``prefix``, after asking."""
        sample = await asyncio.wrap_future(self._services.lookups.sample(prefix, _SAMPLE_SIZE))
        which = f"that begin with {prefix!r}" if prefix else f"of agent {self._services.agent}"
        if not sample.total:
            self.notify(f"there are no keys {which}")
            return
        keys = format_count(sample.total, "key")
        more = _more(sample.total - len(sample.keys))
        if await self.confirm(f"Delete {keys} {which}?", sample.keys, more, f"Delete {keys}"):
            await self._remove(f"Deleting {keys}", lambda job: self._services.jobs.clear(job, prefix))

    async def _remove(self, title: str, begin: Callable[[Job], Future[int]], key: str = "") -> None:
        """Delete, and report it; ``key`` is set if there is only one."""
        try:
            gone = await self.run_job(title, "keys", begin)
        except Interrupted:
            self.notify("cancelled, nothing was deleted")
            return
        if gone:
            self.notify_undoable(
                f"deleted {display_text(key, _PREVIEW_CHARACTERS) or format_count(gone, 'key')}"
            )
        else:
            self.notify("there was nothing left to delete")

    async def break_lock(self, lock: Lock) -> None:
        """Break a lock, after asking. Raises LockNotFound."""
        left = format_duration(float(int(lock.remaining)))
        since = f", acquired {format_age(lock.acquired_at, time.time())}" if lock.acquired_at else ""
        facts = [f"held by {lock.holder}", f"for another {left}{since}, token {lock.token}"]
        if lock.owner is not None:
            facts.append(f"taken by process {lock.owner.pid} on {lock.owner.host}")
        if lock.ephemeral:
            facts.append("it is free as soon as that process is gone")
        else:
            facts.append("it depends on no process: it lasts until it is released, or its time is up")
        warning = "Its holder is not told; its fenced writes will be refused."
        if await self.confirm(f"Break the lock {lock.name!r}?", facts, warning, "Break it"):
            broken = await asyncio.wrap_future(self._services.break_lock(lock.name))
            self.notify(f"broke lock {display_text(broken.name, _PREVIEW_CHARACTERS)}")

    async def choose_file(self) -> FileChoice | None:
        """Ask for a file to run, or only to check if the program was started with ``--read-only``; return it,
        or None."""
        from sloth_tui.tui.dialogs.choose_file import ChooseFileScreen

        chosen = await self._app.push_screen_wait(
            ChooseFileScreen(self._services.agent, path=self._last_file, only_check=self._services.read_only)
        )
        if chosen is not None:
            self._last_file = chosen.path
        return chosen

    async def confirm_stop_commands(self) -> bool:
        """Ask whether leaving may stop the user's own commands that run."""
        running = self._services.commands.running
        count = format_count(len(running), "command")
        sample = [command.handed.command.label for command in running[:_SAMPLE_SIZE]]
        more = _more(len(running) - _SAMPLE_SIZE)
        return await self.confirm(f"Stop {count} and leave?", sample, more, "Stop and leave")

    def notify(self, text: str, *, seconds: float | None = None) -> None:
        """Show a toast; ``text`` may be data."""
        self._app.notify(display_text(text), markup=False, timeout=seconds)

    def notify_undoable(self, text: str, undoable: bool = True) -> None:
        """Show what was changed and, if it can be undone, the key for that."""
        self.notify(f"{text} · {key_of('undo')} to undo" if undoable else text)

    def show_error(self, error: SlothError) -> None:
        """Show an error and its hint as a toast."""
        text = error.message if error.hint is None else f"{error.message}\n{error.hint}"
        self._app.notify(display_text(text, 600, lines=True), severity="error", timeout=8, markup=False)

    async def confirm(self, question: str, sample: list[str], more: str, verb: str) -> bool:
        """Ask; return True if the button ``verb`` was pressed. The texts may be raw data."""
        from sloth_tui.tui.dialogs.confirm import ConfirmScreen

        confirm: bool = await self.ask(ConfirmScreen(question, sample, more, verb))
        return confirm

    async def run_job(self, what: str, unit: str, begin: Callable[[Job], Future[T]]) -> T:
        """Run a job, with a progress dialog if it takes a while. Raises Interrupted if it was cancelled."""
        from sloth_tui.tui.dialogs.progress import run_with_progress

        return await run_with_progress(self._app, what, unit, begin)

    async def ask(self, dialog: Dialog[T]) -> T:
        """Show a dialog and return its result."""
        return await self._app.push_screen_wait(dialog)


def _more(rest: int) -> str:
    return f"… and {rest:,} more" if rest > 0 else ""


def _preview(entry: Entry) -> str:
    from sloth_tui.tui.widgets.detail.value_text import value_lines

    lines, _ = value_lines(entry.value, entry.size, 4 * _PREVIEW_CHARACTERS)
    text = " ".join(map(str.strip, lines))
    return f"{display_text(text, _PREVIEW_CHARACTERS)}  ({entry.type}, {format_size(entry.size)})"
