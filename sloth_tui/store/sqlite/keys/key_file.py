"""Key files: ``<base>/keys/<agent>.key``, or where the settings say. Only their owner may read them."""

from __future__ import annotations

import os
import stat

from sloth_tui.agents import base_directory
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite.keys.key_text import KeyLine, parse_keys

_MAX_BYTES = 64 * 1024


def keys_directory() -> str:
    return os.path.join(base_directory(), "keys")


def default_path(agent: str) -> str:
    return os.path.join(keys_directory(), f"{agent}.key")


def read_key_file(path: str) -> list[KeyLine] | None:
    """Return the keys of a file, the newest first; None if there is no file.

    Raises DatabaseUnusable if others can read it, or if it is not a key file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatabaseUnusable(f"{path}: the key cannot be read: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DatabaseUnusable(f"{path}: not a file, so not a key file")
        if status.st_mode & 0o077:
            raise DatabaseUnusable(
                f"{path}: others can read this key",
                hint=f"chmod go-rwx {path}; if they may have read it, then sloth-runner state rekey",
            )
        text = os.read(descriptor, _MAX_BYTES)
    except OSError as error:
        raise DatabaseUnusable(f"{path}: the key cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return parse_keys(text.decode("ascii", "replace"), path)
