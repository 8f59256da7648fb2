"""Keys as SQLite compares them: by their UTF-8 bytes.

A prefix becomes an index range scan; LIKE would scan the table and take ``%`` and ``_`` for wildcards. Keys
are bound as bytes and cast, because other programs may have stored text that is not UTF-8. Such a key is
shown and queried with the escapes of PEP 383, as Python decodes command line arguments.
"""

from __future__ import annotations

from sloth_tui.values.codec import after_prefix, key_bytes

KEY = "CAST(? AS TEXT)"
_EVERYTHING = "key >= '' AND key < x''"
"""All text: SQLite sorts NULL before and blobs after it."""
_RANGE = f"key >= {KEY} AND key < {KEY}"


def key_range(prefix: str) -> tuple[str, tuple[bytes, ...]]:
    """Return an SQL condition for the keys that begin with ``prefix``, and its bindings."""
    if not prefix:
        return _EVERYTHING, ()
    low = key_bytes(prefix)
    if low is None:
        return "0", ()
    high = after_prefix(low)
    if high is None:
        return f"key >= {KEY} AND key < x''", (low,)
    return _RANGE, (low, high)
