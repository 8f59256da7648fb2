"""The pane of agents at the left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from sloth_tui.text import display_text, format_age, format_count, format_size
from sloth_tui.tui.messages import AgentChosen, AgentEntered, VisibleAgentsChanged
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.pane import HostedPane

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.tui.messages import AgentSummary

_AGE_REFRESH_SECONDS = 5.0
"""Between two redraws of ages."""
PULSE_SECONDS = 1.0
"""How long an agent that changed is highlighted."""
_WIDTH = 20
"""Cells of a line before the list has a size."""


class AgentChoices(Choices):
    """The list of agents. Enter goes on to the keys; a click only chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,l,right", "enter_agent", "Keys", show=False)]

    def action_enter_agent(self) -> None:
        self.post_message(AgentEntered())


class AgentsPane(HostedPane):
    """Shows the agents with what they hold; the agent under the cursor is the one on screen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._agents: list[AgentSummary] = []
        self._chosen: str | None = None
        self._pulses: dict[str, float] = {}
        """Highlighted agents, and until when (``time.monotonic``)."""
        self._drawn: list[Look] = []
        """What the options show now."""
        self._told: list[str] = []
        """The agents reported as visible last."""

    def compose_body(self) -> ComposeResult:
        yield AgentChoices(id="agent-list", classes="main")

    def on_loaded(self) -> None:
        self.set_interval(_AGE_REFRESH_SECONDS, self._redraw)
        self.watch(self._options, "scroll_y", self._redraw, init=False)

    @property
    def names(self) -> list[str]:
        return [summary.name for summary in self._agents]

    def summary(self, name: str) -> AgentSummary | None:
        """Return what is known about an agent; None if nothing is on disk."""
        return next((agent for agent in self._agents if agent.name == name and agent.exists), None)

    def show(self, agents: list[AgentSummary]) -> None:
        """Show these agents; the cursor stays on its agent, and changed ones are highlighted for a moment."""
        before = {summary.name: summary for summary in self._agents}
        same = [summary.name for summary in agents] == self.names
        self._agents = agents
        if self.app.animation_level != "none":
            self._pulse([agent.name for agent in agents if has_changed(before.get(agent.name), agent)])
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
    def _options(self) -> Choices:
        return self.query_one(Choices)

    def on_resize(self, event: Resize) -> None:
        if self._agents:
            self._redraw()

    def _pulse(self, names: list[str]) -> None:
        if names:
            until = time.monotonic() + PULSE_SECONDS
            self._pulses.update(dict.fromkeys(names, until))
            self.set_timer(PULSE_SECONDS, self._redraw)

    def _look_of(self, summary: AgentSummary) -> Look:
        return Look(
            summary,
            format_age(summary.changed_at, time.time()).removesuffix(" ago") if summary.exists else "",
            self._options.scrollable_content_region.width or _WIDTH,
            chosen=summary.name == self._chosen,
            pulsing=summary.name in self._pulses,
        )

    def _in_sight(self) -> range:
        """Return the indexes of the visible agents; an agent has at least two lines."""
        options = self._options
        top, height = options.scroll_offset.y, max(options.scrollable_content_region.height, 1)
        lines = options._lines[top : top + height]
        if not lines:
            return range(min(height, len(self._agents)))
        return range(lines[0][0], min(lines[-1][0] + 1, len(self._agents)))

    def _rebuild(self) -> None:
        options = self._options
        self._drawn = [self._look_of(summary) for summary in self._agents]
        with self.prevent(OptionList.OptionHighlighted):
            options.set_options(Option(describe(look), id=look.summary.name) for look in self._drawn)
            if self._chosen in self.names:
                options.highlighted = self.names.index(self._chosen)
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        """Redraw the visible agents that look different now; there may be very many others."""
        clock = time.monotonic()
        self._pulses = {name: until for name, until in self._pulses.items() if until > clock}
        shown = self._in_sight()
        names = [self._agents[index].name for index in shown]
        if names != self._told:
            self._told = names
            self.post_message(VisibleAgentsChanged(names))
        for index in shown:
            look = self._look_of(self._agents[index])
            if self._drawn[index] != look:
                self._drawn[index] = look
                self._options.replace_option_prompt_at_index(index, describe(look))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option.id is not None and event.option.id != self._chosen:
            self.post_message(AgentChosen(event.option.id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id is not None:
            self.post_message(AgentChosen(event.option.id))


def has_changed(before: AgentSummary | None, now: AgentSummary) -> bool:
    """True if the store was written between the two; the first count of a store is not a change."""
    if before is None or before.keys is None or now.keys is None:
        return False
    return (before.keys, before.locks, before.changed_at) != (now.keys, now.locks, now.changed_at)


class Look(NamedTuple):
    """Everything that the lines of an agent depend on."""

    summary: AgentSummary
    age: str
    """How long ago it changed; empty if nothing is on disk."""
    width: int
    """Cells of a line."""
    chosen: bool = False
    pulsing: bool = False


def describe(look: Look) -> Content:
    """Return the name and age of an agent, and below it what it holds or why it cannot be read."""
    summary, age, width = look.summary, look.age, look.width
    room = max(width - 2 - len(age) - 3, 4)
    name = display_text(summary.name, room)
    head = Content.assemble(
        ("▸ " if look.chosen else "  ", "$primary"),
        (name, "bold" if look.chosen else ""),
        " " * (room - len(name) + 1),
        ("● " if look.pulsing else "  ", "bold $success"),
        (age, "$quiet"),
    )
    if summary.problem is not None:
        return Content.assemble(head, "\n  ", ("✗ " + display_text(summary.problem, 60), "$error"))
    if not summary.exists:
        return Content.assemble(head, "\n  ", ("empty", "$quiet"))
    facts = [] if summary.size is None else [(format_size(summary.size), "$quiet")]
    if summary.keys is not None:
        facts.insert(0, (format_count(summary.keys, "key"), "$quiet"))
    if summary.locks:
        facts.append((format_count(summary.locks, "lock"), "$warning"))
    return Content.assemble(head, *_folded(facts, width))


def _folded(facts: list[tuple[str, str]], width: int) -> list[str | tuple[str, str]]:
    """Return the facts in lines that fit, indented under the name."""
    parts: list[str | tuple[str, str]] = []
    used = width
    for text, style in facts:
        if used + 3 + len(text) > width:
            parts.append("\n  ")
            used = 2
        else:
            parts.append((" · ", "$quiet"))
            used += 3
        parts.append((text, style))
        used += len(text)
    return parts
