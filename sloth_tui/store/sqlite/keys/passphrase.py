"""Keys that a passphrase protects.

The passphrase encrypts the key, not the database: to change it rewrites a line. scrypt makes from passphrase
and salt as many bytes as the key has, which are used once, and a key for the HMAC that tells a wrong
passphrase.
"""

from __future__ import annotations

import hmac
import os
from hashlib import scrypt

from sloth_tui.store.sqlite.keys import KEY_BYTES, id_of
from sloth_tui.store.sqlite.keys.key_text import KeyLine

_COST, _BLOCKS, _LANES = 16, 8, 1
"""2^16 rounds over blocks of 8 * 128 bytes: 64 MiB and a fifth of a second."""
_MAX_COST, _MAX_BLOCKS, _MAX_LANES = 20, 16, 4
_SALT_BYTES = 16


def wrap(key: bytes, passphrase: str) -> KeyLine:
    """Return the line of a key file that holds the key protected by the passphrase."""
    salt = os.urandom(_SALT_BYTES)
    pad, seal = _derive(passphrase, salt, _COST, _BLOCKS, _LANES)
    wrapped = bytes(one ^ other for one, other in zip(key, pad, strict=True))
    check = hmac.digest(seal, salt + wrapped, "sha256")
    numbers = f"{_COST}:{_BLOCKS}:{_LANES}"
    return KeyLine(id_of(key), None, f"scrypt:{numbers}:{salt.hex()}:{wrapped.hex()}:{check.hex()}")


def unwrap(line: KeyLine, passphrase: str) -> bytes | None:
    """Return the key of a line of :func:`wrap`; None if the passphrase is another one."""
    assert line.wrapped is not None
    try:
        _, cost, blocks, lanes, *parts = line.wrapped.split(":")
        salt, wrapped, check = map(bytes.fromhex, parts)
        numbers = int(cost), int(blocks), int(lanes)
    except ValueError:
        return None
    limits = (_MAX_COST, _MAX_BLOCKS, _MAX_LANES)
    if any(not 0 < number <= limit for number, limit in zip(numbers, limits, strict=True)):
        return None
    pad, seal = _derive(passphrase, salt, *numbers)
    if len(wrapped) != KEY_BYTES or not hmac.compare_digest(
        hmac.digest(seal, salt + wrapped, "sha256"), check
    ):
        return None
    return bytes(one ^ other for one, other in zip(wrapped, pad, strict=True))


def _derive(passphrase: str, salt: bytes, cost: int, blocks: int, lanes: int) -> tuple[bytes, bytes]:
    made = scrypt(
        passphrase.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=1 << cost,
        r=blocks,
        p=lanes,
        maxmem=256 * blocks * (1 << cost),
        dklen=2 * KEY_BYTES,
    )
    return made[:KEY_BYTES], made[KEY_BYTES:]
