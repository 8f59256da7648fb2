"""Keys and pasted text, before the framework hands them to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key, Paste
from textual.widgets import Input

from sloth_tui.text import format_count
from sloth_tui.tui.actions import by_id

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Event


class InputFilter:
    """Filters pasted text, and takes the keys that are not for the widget they are sent to."""

    def __init__(self, app: App[int]) -> None:
        self._app = app

    def take(self, event: Event) -> bool:
        """Filter pasted text: inputs draw what they hold, so control characters must not get in. Return True
        if the event is dealt with."""
        if isinstance(event, Paste) and not event.is_forwarded:
            event.text, left_out = self.filter(event.text)
            if left_out:
                characters = format_count(left_out, "character")
                self._app.notify(f"pasted without {characters} that cannot be shown", severity="warning")
        if isinstance(event, Key):
            if event.is_forwarded:
                return self._hand_on(event)
            if self._suspends(event):
                self._app.action_suspend_process()
                return True
        return False

    def filter(self, text: str) -> tuple[str, int]:
        """Return what of a text the focused field may hold, and how many characters were left out."""
        from sloth_tui.tui.editing import keep_typable

        return keep_typable(text, lines=not isinstance(self._app.focused, Input))

    def _hand_on(self, event: Key) -> bool:
        """Hand a key to the field that has the focus now; return True if it took it.

        A key that was typed before an earlier one had moved the focus (on a slow line, say) comes back from
        the previous field. It is text for the new field, not a command.
        """
        focused = self._app.focused
        if focused is None or not focused.check_consume_key(event.key, event.character):
            return False
        focused._forward_event(Key(event.key, event.character))
        return True

    def _suspends(self, event: Key) -> bool:
        """True if this key suspends the app, over any dialog.

        It acts at once, before keys typed after it reach the screen; but not where it types text or has
        another meaning, as in an editor.
        """
        if event.is_printable or event.key not in by_id("suspend").key.split(","):
            return False
        focused = self._app.focused
        return focused is None or event.key not in focused._bindings.key_to_bindings
