"""The command palette: find actions, agents, keys and themes.

Hits carry Content, because the palette reads plain text as markup.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Provider
from textual.content import Content, Span
from textual.widgets import Input, OptionList
from textual.worker import WorkerState

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.actions import actions, is_of_runs, shown_key, works_in
from sloth_tui.tui.actions.runs import RUN_VIEWS

if TYPE_CHECKING:
    from typing import Protocol

    from textual.command import Hits
    from textual.worker import Worker

    from sloth_tui.tui.actions.action import Action
    from sloth_tui.tui.services import Services

    class Browser(Protocol):
        """The part of the screen that the palette uses."""

        services: Services
        current: str
        """The pane that has, or last had, the focus; or the view of the run screen."""

        @property
        def agent_names(self) -> list[str]: ...

        def perform(self, name: str) -> None: ...

        def choose_agent(self, name: str) -> None: ...

        def go_to_key(self, key: str) -> None: ...


_KEY_CELLS = 7
"""Cells for the key of an action."""
_KEY_OFFER_LIMIT = 20
_KEY_LIMIT = 200


def match(query: str, text: str) -> tuple[float, list[int]]:
    """Return the score of ``text`` (0: no match, 1: best) and the places of the matched characters.

    A substring beats the same letters scattered. The cost grows only with the length of the text, unlike a
    search for the best match: texts are data.
    """
    wanted, candidate = query.casefold(), text.casefold()
    if not wanted or len(candidate) != len(text):
        return (1.0 if wanted in candidate else 0.0), []
    at = candidate.find(wanted)
    if at >= 0:
        return (0.9 if at else 1.0), list(range(at, at + len(wanted)))
    places, start = [], 0
    for letter in wanted:
        at = candidate.find(letter, start)
        if at < 0:
            return 0.0, []
        places.append(at)
        start = at + 1
    return 0.5 * len(wanted) / (places[-1] - places[0] + 1), places


class BrowserProvider(Provider):
    """Searches what the browser's screen offers."""

    @property
    def browser(self) -> Browser:
        return cast("Browser", self.screen)

    def marked(self, text: str, places: list[int]) -> Content:
        style = self.match_style or "bold"
        return Content(text, [Span(place, place + 1, style) for place in places])

    def offered(self) -> list[Action]:
        """Return the actions that this screen carries out, or hands on to the browser."""
        on_runs = self.browser.current in RUN_VIEWS
        return [action for action in actions() if on_runs or not is_of_runs(action)]

    async def actions(self, query: str) -> Hits:
        for action in self.offered():
            score, places = match(query, action.help)
            if not score:
                score, places = match(query, action.label)[0], []
            if score:
                prompt = self._prompt(action, places)
                run = partial(self.browser.perform, action.id)
                elsewhere = not works_in(action, self.browser.current)
                yield Hit(0.95 * score if elsewhere else score, prompt, run, action.help, self._note(action))

    async def agents(self, query: str) -> Hits:
        for name in self.browser.agent_names:
            text = f"agent {display_text(name)}"
            score, places = match(query, text)
            if score:
                yield Hit(score, self.marked(text, places), partial(self.browser.choose_agent, name), text)

    async def themes(self, query: str) -> Hits:
        for name in sorted(self.app.available_themes):
            text = f"theme {name}"
            score, places = match(query, text)
            if score:
                yield Hit(score, self.marked(text, places), partial(setattr, self.app, "theme", name), text)

    async def keys(self, query: str) -> Hits:
        try:
            keys = await asyncio.wrap_future(self.browser.services.lookups.keys_like(query, _KEY_OFFER_LIMIT))
        except SlothError:
            return
        for key in keys:
            text = display_text(key, _KEY_LIMIT)
            score, places = match(query, text)
            yield Hit(score or 0.1, self.marked(text, places), partial(self.browser.go_to_key, key), text)

    def _prompt(self, action: Action, places: list[int]) -> Content:
        key = shown_key(action.key) if action.key else ""
        return Content.assemble((f"{key:<{_KEY_CELLS}}", "$accent"), self.marked(action.help, places))

    def _note(self, action: Action) -> str | None:
        return "      not with --read-only" if action.writes and self.browser.services.read_only else None


class EverythingProvider(BrowserProvider):
    """Offers every action, those of the pane first; after typing also agents, keys and themes."""

    async def discover(self) -> Hits:
        pane = self.browser.current
        for action in sorted(self.offered(), key=lambda action: not works_in(action, pane)):
            if action.id == "palette":
                continue
            prompt, run = self._prompt(action, []), partial(self.browser.perform, action.id)
            yield DiscoveryHit(prompt, run, action.help, self._note(action))

    async def search(self, query: str) -> Hits:
        for source in (self.actions, self.agents, self.themes, self.keys):
            async for hit in source(query):
                yield hit


class AgentProvider(BrowserProvider):
    """Go to an agent."""

    async def discover(self) -> Hits:
        for name in self.browser.agent_names:
            text = display_text(name)
            yield DiscoveryHit(Content(text), partial(self.browser.choose_agent, name), text)

    async def search(self, query: str) -> Hits:
        async for hit in self.agents(query):
            yield hit


class KeyProvider(BrowserProvider):
    """Go to a key that begins with what was typed."""

    async def discover(self) -> Hits:
        async for hit in self.keys(""):
            yield hit

    async def search(self, query: str) -> Hits:
        async for hit in self.keys(query):
            yield hit


class Palette(CommandPalette):
    """Enter takes the first hit for the text as typed, even if the list still shows older hits."""

    _entered = False

    @on(Input.Submitted)
    def _enter_later(self, event: Input.Submitted) -> None:
        if any(worker.node is self and not worker.is_finished for worker in self.workers):
            event.stop()
            event.prevent_default()
            self._entered = True

    @on(Input.Changed)
    def _typed_on(self) -> None:
        self._entered = False

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        # A superseded search ends successfully too, but its hits are not in the list.
        superseded = event.worker.is_cancelled
        if self._entered and event.state is WorkerState.SUCCESS and not superseded:
            self._entered = False
            self.query_one(OptionList).action_select()


def make_palette() -> Palette:
    return Palette(placeholder="an action, an agent, a key or a theme")


def make_agent_palette() -> Palette:
    return Palette([AgentProvider], placeholder="agent")


def make_key_palette() -> Palette:
    return Palette([KeyProvider], placeholder="beginning of a key")
