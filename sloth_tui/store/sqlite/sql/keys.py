"""Keys as SQLite compares them: by their UTF-8 bytes.

A prefix becomes an index range scan, where LIKE would scan the table and take ``%`` and ``_`` for wildcards.
Keys are bound as bytes and cast, because other programs may have stored text that is no UTF-8; such a key is
shown, and asked for, with the escapes of PEP 383, which is also how a command line argument arrives.
"""

from __future__ import annotations

KEY = "CAST(? AS TEXT)"
_EVERYTHING = "key >= '' AND key < x''"
"""All text: SQLite sorts NULL before and blobs after it."""
_RANGE = f"key >= {KEY} AND key < {KEY}"


def key_bytes(key: str) -> bytes | None:
    """The stored form; None for text that no stored form can have."""
    try:
        return key.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def key_range(prefix: str) -> tuple[str, tuple[bytes, ...]]:
    """An SQL condition for the keys that begin with ``prefix``, and its bindings."""
    if not prefix:
        return _EVERYTHING, ()
    low = key_bytes(prefix)
    if low is None:
        return "0", ()
    stem = low.rstrip(b"\xff")
    if not stem:
        return f"key >= {KEY} AND key < x''", (low,)
    return _RANGE, (low, stem[:-1] + bytes((stem[-1] + 1,)))
