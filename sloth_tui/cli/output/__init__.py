"""Write the output of commands: tables, JSON, CSV, and messages on stderr."""

from __future__ import annotations

from sloth_tui.errors import PassphraseNeeded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


def unlocked(work: Callable[[], T]) -> T:
    """Return what ``work`` returns; ask for the passphrase that protects a key as often as it needs one.

    Raises PassphraseNeeded if there is no terminal to ask on.
    """
    while True:
        try:
            return work()
        except PassphraseNeeded as needed:
            from sloth_tui.cli.output.passphrase import ask

            ask(needed)
