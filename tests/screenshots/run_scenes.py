"""What is done on the run screen before its pictures are taken."""

from __future__ import annotations

import json
import os
import pathlib
import time
from typing import TYPE_CHECKING

from textual.widgets import Input

from sloth_tui.runs.archive import Archive
from tests.cli.support import piped
from tests.tui.driving import until

if TYPE_CHECKING:
    from tests.tui.driving import Driver

_FORM = "deploy.values.yaml"
_PAST = (
    (10100, "deploy.lua", ("--set", "version=v2.0.1")),
    (7300, "deploy.lua", ("--set", "version=v2.1.0")),
    (4410, "deploy.lua", ("--set", "version=v2.1.2", "--set", "unwell=web1")),
    (4400, "deploy.lua", ("--set", "version=v2.1.2")),
    (2900, "deploy.lua", ("--agent", "mariaguica", "--set", "version=v2.2.0")),
    (1460, "warm-cache.lua", ("--agent", "mariaguica", "--set", "pages=2", "--timeout", "0.2")),
    (312, "deploy.lua", ("--check", "--set", "version=v2.2.9")),
    (310, "deploy.lua", ("--set", "version=v2.2.9")),
    (95, "deploy.lua", ("--set", "version=v2.3.0")),
    (9, "deploy.lua", ("--set", "version=v2.3.1")),
    (2, "deploy.lua", ("--check",)),
)
"""Runs of before: how many minutes ago, the file, further words."""


def set_values(**values: object) -> None:
    """Change lines of the values file."""
    path = pathlib.Path(_FORM)
    lines = path.read_text("utf-8").splitlines()
    for name, value in values.items():
        lines = [f"{name}: {value}" if line.startswith(f"{name}:") else line for line in lines]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def run_before() -> None:
    """Keep runs that seem to have been in the last days."""
    now = time.time()
    for minutes, file, words in _PAST:
        values = ("--values", _FORM, "--set", "pause=0") if file == "deploy.lua" else ()
        piped("run", file, *values, *words)
        (newest, *_) = Archive().runs()
        path = pathlib.Path(os.environ["SLOTH_RUNNER_HOME"], "runs", newest.id, "run.json")
        kept = json.loads(path.read_text("utf-8"))
        later = now - 60 * minutes - kept["started"]
        kept["started"] += later
        kept["ended"] += later
        kept["command_line"] = kept["command_line"].replace(" --set pause=0", "")
        path.write_text(json.dumps(kept), "utf-8")


async def _open(driver: Driver, file: str = "deploy.lua") -> None:
    await driver.press("r", *(["down"] if file == "warm-cache.lua" else []))
    await driver.sees(f"─ {file} ─")
    await driver.press("enter")
    await driver.sees("chooses some")


async def choosing(driver: Driver) -> None:
    await driver.press("r")
    await driver.sees("Roll a version of the shop")
    await driver.at_rest()


async def choosing_tasks(driver: Driver) -> None:
    await _open(driver)
    await driver.press("down", "down", "down", "space")
    await driver.sees("because they depend")
    await driver.at_rest()


async def setting_values(driver: Driver) -> None:
    await _open(driver)
    await driver.press("V", "down", "down", "enter")
    await until(lambda: driver.app.screen.query(Input))
    driver.on_top(Input).value = "v2.5.0"
    await driver.press("enter")
    await driver.sees("was v2.4.0")
    await driver.at_rest()


async def running(driver: Driver) -> None:
    set_values(pause=1)
    await _open(driver, "warm-cache.lua")
    await driver.press("r")
    await driver.sees("1 of 120")
    await driver.press("1", "tab", "up", "enter")
    await driver.sees("@web1, web2")
    await driver.press("r")
    await driver.sees("web1 | start")


async def failing(driver: Driver) -> None:
    set_values(pause=0, unwell="web2")
    await _open(driver)
    await driver.press("r")
    await driver.sees("run failed in")
    await driver.at_rest()


async def what_changed(driver: Driver) -> None:
    set_values(pause=0)
    await _open(driver)
    await driver.press("r")
    await driver.sees("run done in")
    await driver.press("c")
    await driver.sees("app.conf")
    await driver.at_rest()


async def checking(driver: Driver) -> None:
    for host, port in ("web1", 80), ("web2", 8080):
        text = f"# The shop on {host}\nlisten = {port}\nworkers = 2\n"
        pathlib.Path("..", "hosts", host, "app.conf").write_text(text)
    await _open(driver)
    await driver.press("d")
    await driver.sees("check finished")
    await driver.press("down", "down", "down")
    await driver.sees("configure on web1")
    await driver.at_rest()


async def runs_of_before(driver: Driver) -> None:
    await driver.press("r", "3")
    await driver.sees("warm-cache.lua")
    await driver.press(*["down"] * 8)
    await driver.sees("exit code 20")
    await driver.at_rest()
