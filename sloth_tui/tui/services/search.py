"""Search the keys and values of agents on a thread of its own; a new search ends the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.store import open_store
from sloth_tui.tui.services.beside import on_a_thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from sloth_tui.store.search import Found as Found

_MOST = 500


class Findings(NamedTuple):
    """What a search found."""

    found: list[Found]
    complete: bool
    """False if there is more."""
    unreadable: list[str]
    """Agents whose store could not be read."""


class Search:
    """The searches of one dialog after another."""

    def __init__(self) -> None:
        self._turn = 0

    def begin(self, text: str, agents: Sequence[str], *, most: int = _MOST) -> Future[Findings]:
        """Search these agents in turn, for at most so many entries. A search that another one takes the place
        of gives what it has found."""
        self._turn += 1
        turn = self._turn
        return on_a_thread(lambda: self._search(text, agents, most, turn), "search")

    def cancel(self) -> None:
        """End the search that is under way."""
        self._turn += 1

    def _search(self, text: str, agents: Sequence[str], most: int, turn: int) -> Findings:
        from sloth_tui.store.search import search

        found: list[Found] = []
        unreadable: list[str] = []
        for agent in agents:
            try:
                with open_store(agent, "read") as store:
                    for each in search(store, text, is_over=lambda: turn != self._turn):
                        if len(found) == most:
                            return Findings(found, False, unreadable)
                        found.append(each)
            except SlothError:
                unreadable.append(agent)
        return Findings(found, True, unreadable)
