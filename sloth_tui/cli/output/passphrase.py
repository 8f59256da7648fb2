"""Ask for a passphrase on the terminal. It is neither shown nor kept."""

from __future__ import annotations

import os
import sys

from sloth_tui.cli.interrupt import Heeded
from sloth_tui.cli.output.diagnostics import is_terminal, narrate
from sloth_tui.errors import DatabaseUnusable, PassphraseNeeded, Refused
from sloth_tui.text import display_text

_TRIES = 3


def ask(needed: PassphraseNeeded) -> None:
    """Ask for the passphrase until it opens the key, at most three times, or for one that protects a new key.

    Raises ``needed`` itself if there is no terminal, DatabaseUnusable after three wrong ones.
    """
    from sloth_tui.store.encryption import unlock

    if needed.key_id is None:
        unlock(needed, ask_new(needed))
        return
    for _ in range(_TRIES):
        if unlock(needed, _read(f"Passphrase of {needed.key_file}: ", needed)):
            return
        narrate("wrong passphrase")
    raise DatabaseUnusable(f"{needed.key_file}: wrong passphrase, three times", hint="nothing was changed")


def ask_new(needed: Exception) -> str:
    """Ask twice for a passphrase that protects a key. Raises ``needed`` if there is no terminal, Refused if
    the answers differ or are empty."""
    first = _read("New passphrase, without which the data is lost: ", needed)
    if not first:
        raise Refused("an empty passphrase protects nothing; nothing was changed")
    if _read("The same again: ", needed) != first:
        raise Refused("not the same passphrase twice; nothing was changed")
    return first


def _read(prompt: str, needed: Exception) -> str:
    if not (is_terminal(sys.stdin) or is_terminal(sys.stderr)):
        raise needed
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise needed from None
    from getpass import getpass

    try:
        with Heeded():
            return getpass(display_text(prompt))
    except EOFError:
        raise Refused("no passphrase; nothing was changed") from None
