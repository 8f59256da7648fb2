"""A shell that ends a command if this program cannot: it was killed."""

from __future__ import annotations

import subprocess
from contextlib import suppress

_SCRIPT = """read -r over && exit
kill -s TERM -- "-$1" && kill -s CONT -- "-$1"
left=$2
while [ "$left" -gt 0 ] && kill -s 0 -- "-$1"; do sleep 0.2; left=$((left - 1)); done
kill -s KILL -- "-$1"
"""
"""A line on stdin says that all is over; the end of stdin, that this program is gone."""
_LOOKS_PER_SECOND = 5


class Watch:
    """Watches over one process group as long as this program runs."""

    def __init__(self, group: int, grace: float) -> None:
        """Raises OSError."""
        looks = str(int(grace * _LOOKS_PER_SECOND))
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "sloth-watch", str(group), looks],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        assert self._shell.stdin is not None
        with suppress(OSError):
            self._shell.stdin.write(b"over\n")
            self._shell.stdin.close()
        self._shell.wait()
