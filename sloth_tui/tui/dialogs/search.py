"""The dialog that searches the keys and values of every agent while text is typed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widgets import OptionList

    from sloth_tui.tui.services.search import Findings, Found

_PAUSE_SECONDS = 0.2
"""How long nothing is typed before a search begins."""
_KEY_CHARACTERS, _TEXT_CHARACTERS = 120, 200


class Place(NamedTuple):
    """Where to go."""

    agent: str
    key: str


class SearchScreen(Dialog[Place | None]):
    """Returns the entry that was chosen, or None.

    ``begin(text, agents)`` starts a search, which ends the one before. ``is_secret`` is True for keys whose
    values are masked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
        Binding("ctrl+t", "toggle_agents", "Agents", show=False, priority=True),
    ]

    def __init__(
        self,
        begin: Callable[[str, list[str]], Future[Findings]],
        is_secret: Callable[[str], bool],
        agent: str,
        agents: list[str],
    ) -> None:
        super().__init__()
        self._begin = begin
        self._is_secret = is_secret
        self._agent = agent
        self._agents = agents
        self._everywhere = True
        self._found: list[Found] = []
        self._found_for: str | None = None
        """The text that these were found for; None while a search is under way."""
        self._enter = False
        """True if enter was pressed before the answer came."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog change search") as dialog:
            dialog.border_title = "Search"
            yield Input(placeholder="text in keys or values, to the letter", compact=True)
            yield Choices(id="found")
            yield Static(id="search-note", classes="note")

    def on_mount(self) -> None:
        self.query_one(Choices).can_focus = False
        self._say("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search_soon()

    def action_toggle_agents(self) -> None:
        self._everywhere = not self._everywhere
        self._search_soon()

    def _search_soon(self) -> None:
        self._found_for, self._enter = None, False
        self.run_worker(self._search(), group="search", exclusive=True)

    async def _search(self) -> None:
        text = self.query_one(Input).value
        await asyncio.sleep(_PAUSE_SECONDS)
        if not text:
            self._show([], text)
            self._say("")
            return
        self._say("searching …")
        agents = self._agents if self._everywhere else [self._agent]
        findings = await asyncio.wrap_future(self._begin(text, agents))
        self._show(findings.found, text)
        count = format_count(len(findings.found), "entry", "entries")
        more = "" if findings.complete else ", and more"
        lost = f"; cannot read {', '.join(findings.unreadable)}" if findings.unreadable else ""
        self._say(f"{count}{more}{lost}")
        if self._enter:
            self._take()

    def _show(self, found: list[Found], text: str) -> None:
        self._found, self._found_for = found, text
        choices = self.query_one(Choices)
        choices.set_options(map(self._option, found))
        choices.highlighted = 0 if found else None

    def _option(self, found: Found) -> Option:
        agent = "" if not self._everywhere or len(self._agents) < 2 else f"{display_text(found.agent)}  "
        key = display_text(found.entry.key, _KEY_CHARACTERS)
        hidden = self._is_secret(found.entry.key)
        line = "" if found.line in (None, 1) else f"{found.line}: "
        text = MASK if hidden else line + display_text(found.excerpt, _TEXT_CHARACTERS)
        return Option(Content.assemble((agent, "$quiet"), (key, "$primary"), "  ", text))

    def _say(self, text: str) -> None:
        where = "every agent" if self._everywhere else f"agent {self._agent}"
        dialog = self.query_one(".dialog")
        dialog.border_subtitle = (
            f"{where}, ctrl+t: {'only this' if self._everywhere else 'every'} · enter goes"
        )
        self.query_one("#search-note", Static).update(Content(display_text(text, 300)))

    def action_move(self, by: int) -> None:
        choices = self.query_one(Choices)
        if self._found:
            last = len(self._found) - 1
            choices.highlighted = min(max((choices.highlighted or 0) + by, 0), last)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._found_for == event.value:
            self._take()
        else:
            self._enter = True

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(Choices).highlighted = event.option_index
        self._take()

    def _take(self) -> None:
        at = self.query_one(Choices).highlighted
        if at is not None and at < len(self._found):
            found = self._found[at]
            self.dismiss(Place(found.agent, found.entry.key))
