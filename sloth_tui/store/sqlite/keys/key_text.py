"""Keys as text: the lines of a key file, and of what any other source of keys gives.

A line is ``ID KEY`` with a key of 64 hexadecimal digits, ``ID scrypt:...`` with a key that a passphrase
protects, or the digits of a key alone. The first line is the key of what is encrypted from now on; the others
are those of before. Empty lines and lines that begin with ``#`` are left out.
"""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite.keys import KEY_BYTES, id_of

_WRAPPED = "scrypt:"


class KeyLine:
    """One key: ``key``, or ``wrapped`` if a passphrase protects it."""

    __slots__ = ("key", "key_id", "wrapped")

    def __init__(self, key_id: str, key: bytes | None, wrapped: str | None = None) -> None:
        self.key_id = key_id
        self.key = key
        self.wrapped = wrapped

    def __str__(self) -> str:
        return f"{self.key_id} {self.key.hex() if self.key is not None else self.wrapped}"


def parse_keys(text: str, where: str) -> list[KeyLine]:
    """Return the keys of a text; ``where`` names it in errors, which never quote it. Raises
    DatabaseUnusable."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        key = _key_line(words)
        if key is None:
            raise DatabaseUnusable(
                f"{where}: line {number} is not a key", hint="a key is 64 hexadecimal digits"
            )
        found.append(key)
    if not found:
        raise DatabaseUnusable(f"{where}: holds no key", hint="a key is 64 hexadecimal digits")
    return found


def _key_line(words: list[str]) -> KeyLine | None:
    if len(words) > 2:
        return None
    text = words[-1]
    if len(words) == 2 and text.startswith(_WRAPPED):
        return KeyLine(words[0], None, text)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    if len(key) != KEY_BYTES or len(text) != 2 * KEY_BYTES:
        return None
    return KeyLine(words[0] if len(words) == 2 else id_of(key), key)
