"""Copying: what arrives in the clipboard, and what is said about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.tui.browser.controllers.copy import CopyController
from sloth_tui.tui.external.clipboard import Clipboard, find_program, give
from sloth_tui.tui.external.command_lines import format_set
from sloth_tui.tui.widgets.dock.log_view import LogPane
from tests.support import wait_until
from tests.tui.driving import running, until
from tests.tui.test_hostile import inspect
from tests.tui.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value

pytestmark = pytest.mark.slow


async def test_keys_values_and_command_lines(believable: Path) -> None:
    async with running(read_only=True) as app:
        await app.goes_to("table:limits")
        await app.press("y")
        await until(lambda: app.app.clipboard == "table:limits")
        await app.sees("copied the key table:limits")
        await until(lambda: "nothing to paste?" in app.toasts[-1])
        await app.press("Y")
        await until(lambda: app.app.clipboard == '{"cpu":2,"on":true,"name":"web","none":null}')
        await app.sees("copied the value of table:limits")
        assert sum("nothing to paste?" in toast for toast in app.toasts) == 1
        await app.press("c")
        await until(lambda: app.app.clipboard == "sloth-runner state get --agent local table:limits")
        await app.press("3", "c")
        await until(lambda: app.app.clipboard.startswith("sloth-runner state set --type table"))
        await app.goes_to("raw:fingerprint")
        await app.press("Y")
        await until(lambda: app.app.clipboard == "8b 00 ff 1b")
        await app.goes_to("app:api_token")
        await app.press("3", "c")
        await until(lambda: app.app.clipboard == "sloth-runner state get --agent local app:api_token")
        await app.press("1", "c")
        await until(lambda: app.app.clipboard == "sloth-runner state list --agent local")
        await app.press("y")
        await until(lambda: app.app.clipboard == "local")
        await app.press("4", "y")
        await until(lambda: app.app.clipboard == "deploy")
        await app.press("c")
        await until(lambda: app.app.clipboard == "sloth-runner lock list --agent local")
        await app.press("6")
        await until(lambda: app.find(LogPane).highlighted is not None)
        await app.press("c")
        await until(lambda: app.app.clipboard == "sloth-runner state undo --dry-run --agent local 1")
        assert not any("tok_very_secret" in toast for toast in app.toasts)


async def test_it_is_the_key_under_the_cursor_however_fast_that_came_there(believable: Path) -> None:
    async with running() as app:
        await app.goes_to("app:api_token")
        for line in range(1, 5):
            app.table.move_to(line)
        app.browser.perform("copy_key")
        await until(lambda: app.app.clipboard == "deployment:status")
        await app.goes_to("cluster:members")
        app.table.move_to(2)
        app.table.move_to(0)
        app.browser.perform("edit_value")
        await app.sees("the value is masked")
        # Where some are marked, it is those.
        await app.goes_to("deployment:count")
        await app.press("space")
        await app.goes_to("raw:fingerprint")
        await app.press("space", "y")
        await until(lambda: app.app.clipboard == "deployment:count\nraw:fingerprint")
        await app.sees("copied 2 keys")
        await app.press("Y")
        await until(lambda: app.app.clipboard.startswith('{\n  "deployment:count": 12,\n  "raw:fing'))
        await app.sees("copied 2 values as JSON")
        await app.press("c")
        command = "sloth-runner state get --agent local deployment:count raw:fingerprint"
        await until(lambda: app.app.clipboard == command)


async def test_what_cannot_be_copied_is_said(base: Path) -> None:
    async with running() as app:
        await app.press("y")
        await app.sees("no key is chosen")
        with open_store("local", "write") as store:
            store.set("a\x1b[31m\tb", "x" * 200_000)
        await app.sees("a␛[31m␉b")
        await until(lambda: app.browser.context.key is not None)
        await app.press("y")
        # What is pasted from there into a field of ours is another matter.
        await until(lambda: app.app._clipboard == "a\x1b[31m\tb")
        await until(lambda: "with characters that do not show" in app.toasts[-1])
        await app.press("c")
        await until(lambda: app.app.clipboard.endswith(r"$'a\033[31m\011b'"))
        await app.pilot.pause()
        inspect(app)
        await app.press("Y")
        await until(lambda: "195.3 KiB: not every terminal takes that much" in app.toasts[-1])
        await app.press("3", "c")
        await app.sees("too long for a command line")


async def test_a_command_of_the_settings_takes_the_text(believable: Path, tmp_path: Path) -> None:
    target = tmp_path / "copied"
    command = ("sh", "-c", f"cat > {target}")
    async with running(settings=Settings(copy_command=command)) as app:
        await app.goes_to("deployment:status")
        await app.press("y")
        await app.sees("copied the key deployment:status")
        assert target.read_text() == "deployment:status"
        assert app.app.clipboard == ""
        copying = app.browser.controller("copy")
        assert isinstance(copying, CopyController)
        copying._clipboard = Clipboard(app.app, ("no-such-program",))
        await app.press("y")
        await app.sees("no-such-program: No such file or directory")


def test_the_terminal_is_sent_osc_52(believable: Path) -> None:
    terminal = Terminal()
    terminal.sees("deployment:version")
    terminal.process.send("y")
    terminal.sees("copied the key app:api_token")
    wait_until(lambda: b"\x1b]52;c;YXBwOmFwaV90b2tlbg==\x07" in terminal.received, what="OSC 52")
    terminal.process.send("q")
    terminal.ends(0)


def test_the_program_is_one_of_this_machine() -> None:
    def everything(name: str) -> str:
        return name

    def nothing(name: str) -> None:
        return None

    assert find_program({}, everything) is None
    assert find_program({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, everything) == ("wl-copy",)
    assert find_program({"DISPLAY": ":0"}, everything) == ("xclip", "-selection", "clipboard")
    assert find_program({"DISPLAY": ":0"}, nothing) is None
    assert find_program({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, everything) is None
    assert find_program({"TMUX": "x", "SSH_TTY": "/dev/pts/1"}, everything) == (
        "tmux",
        "load-buffer",
        "-w",
        "-",
    )


def test_a_program_that_fails_or_stays_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SlothError, match="false failed with exit code 1"):
        give(("false",), b"x" * 1_000_000)
    monkeypatch.setattr("sloth_tui.tui.external.clipboard._COPY_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(SlothError, match="sleep did not take the text"):
        give(("sleep", "3"), b"x")


def test_a_program_that_stays_to_serve_is_not_waited_for(tmp_path: Path) -> None:
    give(("sh", "-c", f"cat > {tmp_path}/text; sleep 60 & echo $! > {tmp_path}/pid"), b"x")
    assert (tmp_path / "text").read_bytes() == b"x"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)  # it is there still


def test_lines_run_as_they_are(believable: Path) -> None:
    values: list[Value] = ["a\nb'c", b"\x00\xff", -5, {"x": [1, None]}]
    for value in values:
        line = format_set("local", "-copied", value).replace("sloth-runner", f"{sys.executable} -m sloth_tui")
        subprocess.run(["bash", "-c", line], check=True, env=os.environ, stderr=subprocess.DEVNULL)
        with open_store("local", "read") as store:
            assert store.get("-copied") == value
