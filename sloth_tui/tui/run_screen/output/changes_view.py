"""What a run changed: each key with its old and its new value, and resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer
    from sloth_tui.tui.services.run_output.changes import RunChange

_AGAIN_SECONDS = 0.5
"""Time between two updates while a run changes much."""
_NAME_CHARACTERS = 200


class ChangesView(CursorView):
    """Lists what a run changed, in the order of the first change of each."""

    class Chosen(Message):
        """A key was chosen."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    _buffer: OutputBuffer | None = None
    _version = -1
    _waits = False

    def on_mount(self) -> None:
        self._changes: list[RunChange] = []
        self._contents: list[Content] = []

    def show(self, buffer: OutputBuffer) -> None:
        """Show the changes of another run, once :meth:`grow` is called."""
        self._buffer, self._version = buffer, -1
        self.walk_to(0)

    def grow(self) -> None:
        """Show what has changed since, now and then."""
        if self._buffer is None or self._version == self._buffer.changes_version or self._waits:
            return
        self._waits = True
        self.set_timer(_AGAIN_SECONDS, self._wake)
        self._version = self._buffer.changes_version
        self._changes, unlisted = self._buffer.changes()
        contents = [_line(change) for change in self._changes]
        if unlisted:
            contents.append(Content(f"… {format_count(unlisted, 'more change')}").stylize("$quiet"))
        if not contents:
            contents = [Content("Nothing is changed so far.").stylize("$quiet")]
        self._contents = contents
        top = self.scroll_offset.y
        self.set_lines([content.plain for content in contents])
        self.scroll_to(y=top, animate=False)

    def _wake(self) -> None:
        self._waits = False
        self.grow()

    @property
    def count(self) -> int:
        """The number of changes that are listed."""
        return len(self._changes)

    @property
    def text(self) -> str:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines else ""

    def paint(self, number: int) -> Content:
        return self._contents[number]

    def key_enter(self) -> None:
        self._choose()

    def clicked(self, *, again: bool) -> None:
        if again:
            self._choose()

    def _choose(self) -> None:
        if self.cursor < len(self._changes) and self._changes[self.cursor].kind == "key":
            self.post_message(self.Chosen(self._changes[self.cursor].name))


def _line(change: RunChange) -> Content:
    host = "" if change.host is None else f" on {display_text(change.host, _NAME_CHARACTERS)}"
    name = display_text(change.name, _NAME_CHARACTERS)
    if change.kind == "key":
        words: list[tuple[str, str]] = [
            (name, "$secondary"),
            (": ", ""),
            (change.old, "$quiet"),
            (" → ", ""),
            (change.new, ""),
        ]
    else:
        words = [(f"{change.kind} ", "$quiet"), (f"{name}{host}", "$secondary")]
        words += [(f": {change.new}", "")] if change.new else []
    if change.times > 1:
        words.append((f"  {change.times:,} times", "$quiet"))
    if change.taken_back:
        words.append(("  taken back", "$warning"))
    if change.predicted:
        words.insert(0, ("would change ", "$warning"))
    return Content.assemble(*words)
