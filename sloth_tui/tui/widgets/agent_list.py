"""The agents at the left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from sloth_tui.text import display_text, format_age, format_count, format_size
from sloth_tui.tui.messages import AgentChosen
from sloth_tui.tui.widgets.pane import LatePane

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui.messages import AgentSummary

_AGE_PERIOD = 5.0
"""Seconds between two looks at how long ago things changed."""


class AgentsPane(LatePane):
    """The agents there are, with what they hold; the one under the cursor is the one on screen."""

    NUMBER = 1
    NAME = "Agents"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._agents: list[AgentSummary] = []
        self._chosen: str | None = None

    def furniture(self) -> ComposeResult:
        yield OptionList(id="agent-list", markup=False)

    def furnished(self) -> None:
        self.set_interval(_AGE_PERIOD, self._redraw)

    @property
    def names(self) -> list[str]:
        return [summary.name for summary in self._agents]

    def show(self, agents: list[AgentSummary]) -> None:
        """Show these agents; the cursor stays on its agent."""
        same = [summary.name for summary in agents] == self.names
        self._agents = agents
        if same:
            self._redraw()
        else:
            self._rebuild()
            self.entitle(f"{len(agents):,}")

    def choose(self, name: str) -> None:
        """Put the cursor on the agent that is on screen."""
        self._chosen = name
        options = self._options
        if name in self.names and options.highlighted != self.names.index(name):
            with self.prevent(OptionList.OptionHighlighted):
                options.highlighted = self.names.index(name)
        self._redraw()

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    def _rebuild(self) -> None:
        now = time.time()
        options = self._options
        with self.prevent(OptionList.OptionHighlighted):
            options.set_options(
                Option(describe(summary, now, summary.name == self._chosen), id=summary.name)
                for summary in self._agents
            )
            if self._chosen in self.names:
                options.highlighted = self.names.index(self._chosen)

    def _redraw(self) -> None:
        now = time.time()
        options = self._options
        for index, summary in enumerate(self._agents):
            prompt = describe(summary, now, summary.name == self._chosen)
            shown = options.get_option_at_index(index).prompt
            if not isinstance(shown, Content) or not shown.is_same(prompt):
                options.replace_option_prompt_at_index(index, prompt)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option.id is not None and event.option.id != self._chosen:
            self.post_message(AgentChosen(event.option.id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id is not None:
            self.post_message(AgentChosen(event.option.id))


def describe(summary: AgentSummary, now: float, chosen: bool) -> Content:
    """Two lines: the name and when it last changed; what it holds, or why it cannot be read."""
    name = Content.assemble(
        ("▸ " if chosen else "  ", "$primary"),
        (display_text(summary.name), "bold" if chosen else ""),
        ("  " + format_age(summary.changed_at, now).removesuffix(" ago") if summary.exists else "", "$quiet"),
    )
    if summary.problem is not None:
        return Content.assemble(name, "\n  ", ("✗ " + display_text(summary.problem, 60), "$error"))
    if not summary.exists:
        return Content.assemble(name, "\n  ", ("empty", "$quiet"))
    held = format_size(summary.size) if summary.keys is None else format_count(summary.keys, "key")
    return Content.assemble(
        name,
        "\n  ",
        (held, "$quiet"),
        (f" · {format_count(summary.locks, 'lock')}" if summary.locks else "", "$warning"),
    )
