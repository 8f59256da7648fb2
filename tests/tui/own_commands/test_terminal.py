"""A command that has the terminal, and the shells that are left when the app is gone."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import find_in_session
from tests.support import sweep, wait_until
from tests.tui.test_terminal import ALTERNATE_SCREEN, Terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

CONFIG = """
[run]
grace = 0.2
[commands.talk]
key = "X"
on = "key"
output = "terminal"
run = '''
trap 'echo INTERRUPTED' INT
echo "TALKING of $SLOTH_KEY"
until read -r answer; do :; done
echo "GOT <$answer>"
exit 3
'''
[commands.wait]
key = "W"
run = 'trap "" TERM HUP; echo "session $$"; sleep 1000 & while :; do sleep 1; done'
"""


def test_it_has_the_terminal_while_it_runs_and_what_it_said_can_be_read(believable: Path) -> None:
    (believable / "config.toml").write_text(CONFIG)
    terminal = Terminal()
    terminal.sees("X talk")
    terminal.process.send("X")
    terminal.sees("TALKING of app:api_token")
    assert terminal.received.rfind(ALTERNATE_SCREEN + b"l") > terminal.received.rfind(ALTERNATE_SCREEN + b"h")
    terminal.process.sendintr()
    terminal.sees("INTERRUPTED")
    terminal.process.send("$(echo x)\n")
    terminal.sees("GOT <$(echo x)>")
    terminal.sees("(enter goes back)")
    terminal.process.send("\n")
    terminal.sees("talk failed with exit code 3")
    terminal.process.send("q")
    terminal.ends(0)
    assert terminal.is_restored()


@pytest.mark.parametrize("number", sweep([signal.SIGHUP, signal.SIGKILL], [signal.SIGKILL]))
def test_no_command_outlives_the_app(believable: Path, number: int) -> None:
    (believable / "config.toml").write_text(CONFIG)
    terminal = Terminal()
    terminal.sees("W wait")
    terminal.process.send("W")
    terminal.sees("Runs for")
    terminal.sees("1 line")
    shown = re.search(r"session (\d+)", "\n".join(terminal.screen.display))
    assert shown is not None
    session = int(shown[1])
    assert len(find_in_session(session)) >= 2
    terminal.process.kill(number)
    wait_until(lambda: not find_in_session(session), what="the end of the command")
    terminal.process.close(force=True)
