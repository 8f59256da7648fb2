"""Changes a person makes: what is asked first, what is told afterwards.

Each flow is a coroutine that runs beside the screen. Every text in it may be data, so everything goes
through :func:`display_text` where it is shown. Dialogs are loaded when they are first opened.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import Interrupted
from sloth_tui.text import display_text, format_age, format_count, format_duration, format_size
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App

    from sloth_tui.errors import SlothError
    from sloth_tui.model import Entry, Lock
    from sloth_tui.tui.dialogs.dialog import Dialog
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.job import Work

T = TypeVar("T")

_SAMPLE = 8
_PREVIEW = 80


class Flows:
    """The dialogs around changes. Methods are coroutines to be run as workers of the app."""

    def __init__(self, app: App[int], services: Services) -> None:
        self._app = app
        self._services = services
        self._last_file = ""

    async def delete(self, keys: list[str]) -> None:
        """Delete these keys, at least one, after saying which."""
        if len(keys) == 1:
            entry = await asyncio.wrap_future(self._services.entry(keys[0]))
            preview = MASK if self._services.is_secret(keys[0]) else _preview(entry)
            sample = [keys[0], "  " + preview]
        else:
            sample = keys[:_SAMPLE]
        count = format_count(len(keys), "key")
        if await self.confirmed(f"Delete {count}?", sample, _more(len(keys) - _SAMPLE), f"Delete {count}"):
            only = keys[0] if len(keys) == 1 else ""
            await self._remove(f"Deleting {count}", lambda work: self._services.work.delete(work, keys), only)

    async def clear_prefix(self, suggestion: str) -> None:
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
        sample = await asyncio.wrap_future(self._services.sample(prefix, _SAMPLE))
        which = f"that begin with {prefix!r}" if prefix else f"of agent {self._services.agent}"
        if not sample.total:
            self.tell(f"there are no keys {which}")
            return
        keys = format_count(sample.total, "key")
        more = _more(sample.total - len(sample.keys))
        if await self.confirmed(f"Delete {keys} {which}?", sample.keys, more, f"Delete {keys}"):
            await self._remove(f"Deleting {keys}", lambda work: self._services.work.clear(work, prefix))

    async def _remove(self, title: str, begin: Callable[[Work], Future[int]], key: str = "") -> None:
        """Delete and tell; ``key``: the only one."""
        try:
            gone = await self.watch(title, "keys", begin)
        except Interrupted:
            self.tell("cancelled, nothing was deleted")
            return
        if gone:
            self.tell_change(f"deleted {display_text(key, _PREVIEW) or format_count(gone, 'key')}")
        else:
            self.tell("there was nothing left to delete")

    async def break_lock(self, lock: Lock) -> None:
        left = format_duration(float(int(lock.remaining)))
        since = f", acquired {format_age(lock.acquired_at, time.time())}" if lock.acquired_at else ""
        facts = [f"held by {lock.holder}", f"for another {left}{since}, token {lock.token}"]
        if lock.owner is not None:
            facts.append(f"taken by process {lock.owner.pid} on {lock.owner.host}")
        if lock.tied:
            facts.append("it is free as soon as that process is gone")
        else:
            facts.append("it depends on no process: it lasts until it is released, or its time is up")
        warning = "Its holder is not told; its fenced writes will be refused."
        if await self.confirmed(f"Break the lock {lock.name!r}?", facts, warning, "Break it"):
            broken = await asyncio.wrap_future(self._services.break_lock(lock.name))
            self.tell(f"broke lock {display_text(broken.name, _PREVIEW)}")

    async def choose_file(self) -> str | None:
        """The path of a file to run, if one was chosen."""
        from sloth_tui.tui.dialogs.choose_file import ChooseFileScreen

        path = await self._app.push_screen_wait(
            ChooseFileScreen(self._services.agent, self._services.files, path=self._last_file)
        )
        if path:
            self._last_file = path
        return path

    async def may_stop_run(self) -> bool:
        """Whether leaving may end the run that is going on."""
        return await self.confirmed("Stop the run and leave?", ["A run is going on."], "", "Stop and leave")

    def tell(self, text: str, *, seconds: float | None = None) -> None:
        self._app.notify(display_text(text), markup=False, timeout=seconds)

    def tell_change(self, text: str, undoable: bool = True) -> None:
        """Tell what was changed and, where it can be taken back, by which key."""
        self.tell(f"{text} · {key_of('undo')} to undo" if undoable else text)

    def complain(self, error: SlothError) -> None:
        """A toast in words."""
        text = error.message if error.hint is None else f"{error.message}\n{error.hint}"
        self._app.notify(display_text(text, 600, lines=True), severity="error", timeout=8, markup=False)

    async def confirmed(self, question: str, sample: list[str], more: str, verb: str) -> bool:
        """Whether the button ``verb`` was chosen. The texts may be data as it is."""
        from sloth_tui.tui.dialogs.confirm import ConfirmScreen

        confirmed: bool = await self.ask(ConfirmScreen(question, sample, more, verb))
        return confirmed

    async def watch(self, what: str, unit: str, begin: Callable[[Work], Future[T]]) -> T:
        """Wait for work, in a dialog if it takes a while. Raises Interrupted where that was ended."""
        from sloth_tui.tui.dialogs.progress import watched

        return await watched(self._app, what, unit, begin)

    async def ask(self, dialog: Dialog[T]) -> T:
        """What a dialog answers."""
        return await self._app.push_screen_wait(dialog)


def _more(rest: int) -> str:
    return f"… and {rest:,} more" if rest > 0 else ""


def _preview(entry: Entry) -> str:
    from sloth_tui.tui.widgets.detail.value_text import value_lines

    lines, _ = value_lines(entry.value, entry.size, 4 * _PREVIEW)
    text = " ".join(map(str.strip, lines))
    return f"{display_text(text, _PREVIEW)}  ({entry.type}, {format_size(entry.size)})"
