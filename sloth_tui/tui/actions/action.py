"""One action of the registry in :mod:`sloth_tui.tui.actions`."""

from __future__ import annotations

from typing import NamedTuple

OWN_GROUP = "Own commands"
"""The group of the user's own commands."""
OWN_PREFIX = "own_"
"""What the ids of their actions begin with; the name of the command follows."""


class Action(NamedTuple):
    """One thing that the user can do."""

    id: str
    """Also names the controller's method, ``action_<id>``, unless ``verb`` or ``call`` name another."""
    key: str
    """Key names as Textual writes them, alternatives after commas."""
    label: str
    """At most two words, for the footer."""
    help: str
    """A sentence, for the palette and the help screen."""
    group: str
    panes: tuple[str, ...] = ()
    """The panes, or views of the run screen, in which its key works and whose footer shows it; empty: all
    panes."""
    footer: bool = False
    writes: bool = False
    """Refused with ``--read-only``."""
    call: str = ""
    """The action of the app that it stands for; then no controller carries it out."""
    verb: str = ""
    """The suffix of the controller's method, if not the id."""
    argument: str = ""
    """The argument of that method, if any."""

    def carry_out(self, owner: object) -> None:
        """Call the method of its owner, such as a controller, that carries it out."""
        method = getattr(owner, f"action_{self.verb or self.id}")
        method(*([self.argument] if self.argument else []))
