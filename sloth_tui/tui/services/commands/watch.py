"""A shell that ends a command if this program cannot: it was killed."""

from __future__ import annotations

import subprocess
from contextlib import suppress

_SCRIPT = """read -r over && exit
session=$1 left=$2

tell() {
  found=
  if [ ! -e /proc/self/stat ]; then
    kill -s "$1" -- "-$session"
    return
  fi
  for file in /proc/[0-9]*/stat; do
    line=
    read -r line < "$file"
    # After the name of the program, which may hold anything: state, parent, group, session.
    set -- "$1" ${line##*) }
    if [ "$5" = "$session" ] && [ "$2" != Z ]; then
      pid=${file#/proc/}
      kill -s "$1" "${pid%/stat}" && found=1
    fi
  done
  [ "$found" ]
}

tell TERM && tell CONT
while [ "$left" -gt 0 ] && tell 0; do sleep 0.2; left=$((left - 1)); done
left=50
while [ "$left" -gt 0 ] && tell KILL; do sleep 0.1; left=$((left - 1)); done
"""
"""A line on stdin says that all is over; the end of stdin, that this program is gone. Some programs, like
timeout(1), have a process group of their own; the session is that of the command, unless they left it."""
_LOOKS_PER_SECOND = 5


class Watch:
    """Watches over the processes of one session as long as this program runs."""

    def __init__(self, session: int, grace: float) -> None:
        """Raises OSError."""
        looks = str(int(grace * _LOOKS_PER_SECOND))
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "sloth-watch", str(session), looks],
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
