"""Keys of encrypted databases: the mark that says which key a file needs, and the keys of this process.

An encrypted file begins with a mark in place of SQLite's magic text. It holds the id of the key: the first 8
hexadecimal digits of its SHA-256. The mark is the salt of the cipher, which takes no part in the encryption
by a raw key, but is covered by the authentication of the first page. So it is copied wherever the file is,
and cannot differ from it.

Nothing of this is imported before a file with such a mark is met, or the settings ask for one.
"""

from __future__ import annotations

KEY_BYTES = 32
CIPHER = "chacha20"
_MARK = b"sloth1\0\0"
_ID_DIGITS = 8
_MARK_BYTES = len(_MARK) + _ID_DIGITS

_held: dict[str, bytes] = {}
"""Id -> key, of those that this process was given or has found."""


def key_id_in(header: bytes) -> str | None:
    """Return the id of the key that a file with this beginning needs; None if it has no mark of ours."""
    if not header.startswith(_MARK) or len(header) < _MARK_BYTES:
        return None
    digits = header[len(_MARK) : _MARK_BYTES]
    if not all(digit in b"0123456789abcdef" for digit in digits):
        return None
    return digits.decode("ascii")


def mark(key_id: str) -> bytes:
    """Return the first bytes of a file that needs this key."""
    return _MARK + key_id.encode("ascii")


def id_of(key: bytes) -> str:
    """Return the id of a key."""
    # Not imported on the way of a plain read: the lines of a key file tell the ids of their keys.
    from hashlib import sha256

    return sha256(key).hexdigest()[:_ID_DIGITS]


def hold(key_id: str, key: bytes) -> None:
    """Keep a key for as long as this process lives."""
    _held[key_id] = key


def held() -> dict[str, bytes]:
    """Return id -> key of all keys that this process has."""
    return dict(_held)


def forget() -> None:
    """Forget all keys."""
    _held.clear()


def key_of(path: str, key_id: str) -> bytes:
    """Return the key that the database at ``path`` needs, from its source.

    Raises PassphraseNeeded if a passphrase protects it, DatabaseUnusable if there is none, or only others.
    """
    key = _held.get(key_id)
    if key is None:
        from sloth_tui.store.sqlite.keys.finding import find_key

        key = _held[key_id] = find_key(path, key_id)
    return key
