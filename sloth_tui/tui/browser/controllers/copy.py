"""Copy keys, values, and the command lines that do the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.browser.dock_tabs import TABS

if TYPE_CHECKING:
    from sloth_tui.tui.external.clipboard import Clipboard

_SHOWN_CHARACTERS = 100
"""Characters of the copied text that the toast shows."""


class CopyController(Controller):
    """Copies what is marked or under the cursor, and says what was copied. Works with ``--read-only`` too."""

    _clipboard: Clipboard | None = None

    def action_copy_key(self) -> None:
        keys = self.context.chosen_keys
        if not keys:
            self.operations.notify("no key is chosen")
            return
        what = (
            f"the key {display_text(keys[0], _SHOWN_CHARACTERS)}" if len(keys) == 1 else f"{len(keys):,} keys"
        )
        self.workers.look(self._put("\n".join(keys), what))

    def action_copy_name(self) -> None:
        lock = self.lazy.locks.highlighted if self.panes.current == "locks" and self.lazy.loaded else None
        if self.panes.current != "locks":
            self.workers.look(self._put(self.services.agent, f"the name {display_text(self.services.agent)}"))
        elif lock is not None:
            self.workers.look(self._put(lock.name, f"the name {display_text(lock.name, _SHOWN_CHARACTERS)}"))
        else:
            self.operations.notify("no lock is held")

    def action_copy_value(self) -> None:
        keys = self.context.chosen_keys
        if keys:
            self.workers.look(self._copy_values(keys))
        else:
            self.operations.notify("no key is chosen")

    def action_copy_command(self) -> None:
        self.workers.look(self._copy_command())

    async def _copy_values(self, keys: list[str]) -> None:
        from sloth_tui.values.render import as_object, as_printed

        values = await asyncio.wrap_future(self.services.lookups.values(keys))
        if not values:
            self.operations.notify("there is no such key any more")
        elif len(keys) > 1:
            await self._put(as_object(values), f"{format_count(len(values), 'value')} as JSON")
        else:
            value = values[keys[0]]
            text = as_printed(value)
            binary = isinstance(value, bytes) and text.encode() != value
            how = " as hexadecimal digits" if binary else ""
            await self._put(text, f"the value of {display_text(keys[0], _SHOWN_CHARACTERS)}{how}")

    async def _copy_command(self) -> None:
        line = await self._line()
        await self._put(line, display_text(line, _SHOWN_CHARACTERS))

    async def _line(self) -> str:
        """Return the command line that prints what the pane shows, or sets the entry in the detail."""
        from sloth_tui.tui.external.command_lines import format_command, format_get, format_set

        agent, keys = self.services.agent, self.context.chosen_keys
        if self.panes.current in ("keys", "detail"):
            if not keys:
                return format_command("state", "list", agent=agent)
            key = keys[0]
            if self.panes.current == "keys" or len(keys) > 1 or self.services.is_secret(key):
                # Secrets must not end up in the history of a shell.
                return format_get(agent, keys)
            values = await asyncio.wrap_future(self.services.lookups.values(keys))
            return format_set(agent, key, values[key]) if key in values else format_get(agent, keys)
        if self.panes.current == "run":
            file = self.lazy.run.file if self.lazy.loaded else None
            return (
                format_command("run", agent=agent, operands=(file,)) if file else format_command("examples")
            )
        change_set = self.lazy.log.highlighted if self.panes.current == "log" and self.lazy.loaded else None
        if change_set is not None:
            # A pasted line may run at once, so it only shows what it would do.
            return format_command("state", "undo", "--dry-run", agent=agent, operands=(change_set.id,))
        words = TABS[self.panes.current].command if self.panes.current in TABS else ("state", "list")
        return format_command(*words, agent=agent)

    async def _put(self, text: str, what: str) -> None:
        from sloth_tui.tui.external.clipboard import Clipboard

        if self._clipboard is None:
            self._clipboard = Clipboard(self.screen.app, self.services.settings.copy_command)
        note = await self._clipboard.put(text)
        hidden = sum(display_text(character, lines=True) != character for character in set(text))
        if hidden:
            note = f"with characters that do not show{'; ' + note if note else ''}"
        self.operations.notify(f"copied {what}" + (f" · {note}" if note else ""))
