"""Opens the terminal UI on the sample, in a temporary directory that is removed on exit.

The user's state is neither read nor changed. With the argument ``web`` it is served to a browser. With
``SLOTH_RUNNER_STORE`` the store of that address, which should be empty, is filled instead; there everything
happened just now.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time

from sloth_tui.demo.entries import AGENTS
from sloth_tui.demo.filling import fill, fill_store
from sloth_tui.demo.place import make_place
from sloth_tui.errors import ExitCode
from sloth_tui.model import Origin
from sloth_tui.store import open_store


def main() -> int:
    """Fill a temporary base directory or the chosen store, and show it."""
    web = sys.argv[1:] == ["web"]
    if not web and not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("error: the terminal UI needs a terminal\n")
        return ExitCode.USAGE
    with tempfile.TemporaryDirectory(prefix="sloth-demo-") as directory:
        os.chdir(make_place(directory))
        user = os.environ.get("USER", "demo")
        origin = Origin(user, socket.gethostname(), os.getpid(), "sloth-tui", "sample state")
        if os.environ.get("SLOTH_RUNNER_STORE"):
            for agent in AGENTS:
                with open_store(agent, "write") as store:
                    fill_store(store, agent, origin, time.time())
        else:
            fill(origin, time.time())
        try:
            return _serve() if web else _show()
        finally:
            os.chdir("/")


def _show() -> int:
    from sloth_tui.tui import run_app

    return run_app("local", read_only=False)


def _serve() -> int:
    from sloth_tui.cli import main as run_command

    sys.stderr.write("open this address in a browser; ctrl+c ends it\n")
    code = run_command(["web", "--agent", "local", "--port", "0"])
    return ExitCode.OK if code == ExitCode.INTERRUPTED else code


if __name__ == "__main__":
    sys.exit(main())
