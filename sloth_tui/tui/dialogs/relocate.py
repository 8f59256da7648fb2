"""The dialog that asks where entries are to be copied or moved to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sloth_tui.agents import check_name
from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

_LIMIT = 300


class Destination(NamedTuple):
    target: str
    """The key, or what the keys are to begin with."""
    agent: str


class RelocateScreen(Dialog[Destination | None]):
    """Asks for a key or a prefix and for an agent; returns them, or None if it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self, question: str, *, source: str, prefix: bool, agent: str, agents: list[str], verb: str
    ) -> None:
        """``source``: the key or prefix as it is; ``agents``: those there are."""
        super().__init__()
        self._question = question
        self._source = source
        self._prefix = prefix
        self._agent = agent
        self._agents = agents
        self._verb = verb

    def compose(self) -> ComposeResult:
        shown = display_text(self._source)
        with Vertical(classes="dialog relocate") as dialog:
            dialog.border_subtitle = f"enter {self._verb} · tab goes on · esc leaves"
            yield Static(Content(display_text(self._question, _LIMIT)), classes="question")
            what = f"in place of {shown!r}, keys begin with" if self._prefix else "key"
            yield Static(Content(what), classes="field")
            yield Input(self._source if shown == self._source else "", id="target", compact=True)
            yield Static(Content("agent"), classes="field")
            yield Input(self._agent, id="to-agent", compact=True, select_on_focus=False)
            yield Static(id="relocate-note", classes="note")

    def on_mount(self) -> None:
        self._look()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._problem is None:
            self.dismiss(self._chosen)
        else:
            self._say(self._problem, wrong=True)

    @property
    def _chosen(self) -> Destination:
        return Destination(self.query_one("#target", Input).value, self.query_one("#to-agent", Input).value)

    @property
    def _problem(self) -> str | None:
        chosen = self._chosen
        try:
            check_name(chosen.agent)
        except SlothError as error:
            return f"{error.message}: {error.hint}"
        if not self._prefix and not chosen.target:
            return "a key must not be empty"
        if chosen == (self._source, self._agent):
            return "it is there already: name another key, another beginning or another agent"
        return None

    def _look(self) -> None:
        agent = self._chosen.agent
        problem = self._problem
        if problem is None and agent not in self._agents:
            self._say(f"there is no agent {agent} yet: it will be made")
        else:
            self._say("what is there with another value is not overwritten unasked")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        note = self.query_one("#relocate-note", Static)
        note.set_class(wrong, "wrong")
        note.update(Content(("✗ " if wrong else "") + display_text(text, _LIMIT)))
