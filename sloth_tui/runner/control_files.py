"""The sockets and logs of ssh: a directory that is gone when the process that owns it is."""

from __future__ import annotations

import os
from contextlib import suppress

from sloth_tui.errors import HostError

_SHORT = "/tmp"  # noqa: S108 - directories in it get names that nobody can guess
_PREFIX = "sloth-ssh-"
_LONGEST_SOCKET = 90
"""Bytes of its path: ssh appends 17 while it binds it, and 108 are what Linux has room for."""


class ControlFiles:
    """The directory for sockets and logs of ssh, which ends with the process that owns it."""

    def __init__(self, owner: int) -> None:
        """``owner``: the process whose end ends all of them; see :func:`remove_control_files`."""
        self._count = 0
        import tempfile

        for base in _bases():
            prefix = os.path.join(base, f"{_PREFIX}{owner}-")
            if len(os.fsencode(prefix)) + len("12345678/a99") <= _LONGEST_SOCKET:
                _remove_stale(base)
                with suppress(OSError):
                    self.path = tempfile.mkdtemp(prefix=os.path.basename(prefix), dir=base)
                    return
        raise HostError("no directory for the sockets of ssh: /tmp is not writable")

    def new(self) -> str:
        """Return the path of another file, which does not exist."""
        self._count += 1
        return os.path.join(self.path, f"{self._count}")

    def close(self) -> None:
        _remove_tree(self.path)


def _bases() -> list[str]:
    """Return where sockets may be; not $TMPDIR, which is too long on macOS."""
    wanted = (os.environ.get("XDG_RUNTIME_DIR"), _SHORT)
    return [base for base in wanted if base and os.path.isdir(base)]


def remove_control_files(owner: int) -> None:
    """Remove what a process that was killed could not remove itself."""
    for base in _bases():
        _remove(base, f"{_PREFIX}{owner}-")


def _remove_stale(base: str) -> None:
    for name in os.listdir(base):
        number = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and number.isdigit() and not _is_alive(int(number)):
            _remove(base, name)


def _remove(base: str, prefix: str) -> None:
    with suppress(OSError):
        for entry in os.scandir(base):
            if entry.name.startswith(prefix) and entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                _remove_tree(entry.path)


def _remove_tree(path: str) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
