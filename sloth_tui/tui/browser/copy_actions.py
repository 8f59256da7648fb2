"""Copying: keys, values, and the command lines that do the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.browser.acting import Acting

if TYPE_CHECKING:
    from sloth_tui.tui.external.clipboard import Clipboard

_SHOWN = 100
"""Characters of what was copied that are said."""


class CopyActions(Acting):
    """Copies what the cursor stands on, or what is marked, and says what was copied. That works with
    ``--read-only`` too."""

    _clipboard: Clipboard | None = None

    def action_copy_key(self) -> None:
        keys = self.chosen_keys
        if not keys:
            self.flows.tell("no key is chosen")
            return
        what = f"the key {display_text(keys[0], _SHOWN)}" if len(keys) == 1 else f"{len(keys):,} keys"
        self._look(self._put("\n".join(keys), what))

    def action_copy_name(self) -> None:
        lock = self.locks_pane.highlighted if self.current == "locks" and self.furnished else None
        if self.current != "locks":
            self._look(self._put(self.services.agent, f"the name {display_text(self.services.agent)}"))
        elif lock is not None:
            self._look(self._put(lock.name, f"the name {display_text(lock.name, _SHOWN)}"))
        else:
            self.flows.tell("no lock is held")

    def action_copy_value(self) -> None:
        keys = self.chosen_keys
        if keys:
            self._look(self._copy_values(keys))
        else:
            self.flows.tell("no key is chosen")

    def action_copy_command(self) -> None:
        self._look(self._copy_command())

    async def _copy_values(self, keys: list[str]) -> None:
        from sloth_tui.tui.exact import as_object, as_printed

        values = await asyncio.wrap_future(self.services.lookups.values(keys))
        if not values:
            self.flows.tell("there is no such key any more")
        elif len(keys) > 1:
            await self._put(as_object(values), f"{format_count(len(values), 'value')} as JSON")
        else:
            value = values[keys[0]]
            text = as_printed(value)
            binary = isinstance(value, bytes) and text.encode() != value
            how = " as hexadecimal digits" if binary else ""
            await self._put(text, f"the value of {display_text(keys[0], _SHOWN)}{how}")

    async def _copy_command(self) -> None:
        line = await self._line()
        await self._put(line, display_text(line, _SHOWN))

    async def _line(self) -> str:
        """What prints what the pane shows, or sets what the detail shows."""
        from sloth_tui.tui.external.command_lines import command_line, get_line, set_line

        agent, keys = self.services.agent, self.chosen_keys
        if self.current in ("keys", "detail"):
            if not keys:
                return command_line("state", "list", agent=agent)
            key = keys[0]
            if self.current == "keys" or len(keys) > 1 or self.services.is_secret(key):
                # A secret is not put where shells keep their history.
                return get_line(agent, keys)
            values = await asyncio.wrap_future(self.services.lookups.values(keys))
            return set_line(agent, key, values[key]) if key in values else get_line(agent, keys)
        if self.current == "run":
            file = self.run_pane.file if self.furnished else None
            return command_line("run", agent=agent, operands=(file,)) if file else command_line("examples")
        change = self.log_pane.highlighted if self.current == "log" and self.furnished else None
        if change is not None:
            # To be looked at first: what is pasted may be run at once.
            return command_line("state", "undo", "--dry-run", agent=agent, operands=(change.id,))
        words = {
            "agents": ("state", "list"),
            "locks": ("lock", "list"),
            "stats": ("state", "stats"),
            "log": ("state", "log"),
        }
        return command_line(*words[self.current], agent=agent)

    async def _put(self, text: str, what: str) -> None:
        from sloth_tui.tui.external.clipboard import Clipboard

        if self._clipboard is None:
            self._clipboard = Clipboard(self.app, self.services.settings.copy_command)
        note = await self._clipboard.put(text)
        hidden = sum(display_text(character, lines=True) != character for character in set(text))
        if hidden:
            note = f"with characters that do not show{'; ' + note if note else ''}"
        self.flows.tell(f"copied {what}" + (f" · {note}" if note else ""))
