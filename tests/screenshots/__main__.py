"""Makes the pictures of ``screenshots/`` from the real app: ``python -m tests.screenshots``.

The app runs headless on the sample state of :mod:`sloth_tui.demo`; Textual exports what it painted as SVG,
librsvg draws that as PNG. Fonts and librsvg come with ``tests/setup.sh pictures``. Chromium takes the picture
of the page of ``sloth-runner web``.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from sloth_tui.demo.filling import fill
from sloth_tui.demo.place import make_place
from sloth_tui.model import Origin
from sloth_tui.settings import load_settings
from tests.screenshots import browser_scenes, run_scenes
from tests.support import wait_until
from tests.tui.driving import running
from tests.web.chromium import Chromium
from tests.web.driving import program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.tui.driving import Driver

NO_LIGATURES = """\
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="font">
    <edit name="fontfeatures" mode="append"><string>liga off</string><string>calt off</string></edit>
  </match>
</fontconfig>
"""
"""Terminals draw one character a cell; Fira Code would join ``www`` and ``::``."""

_SETTLED_SECONDS = 3.0
TARGET = pathlib.Path(__file__).parents[2] / "screenshots"
PERSON = Origin("ana", "workshop", os.getpid(), "sloth-tui", "sample state")


SCENES: dict[str, tuple[str, tuple[int, int], Callable[[Driver], Awaitable[None]]]] = {
    "main": ("local", (120, 40), browser_scenes.main_screen),
    "filter": ("production", (120, 32), browser_scenes.filtering),
    "history": ("local", (120, 36), browser_scenes.looking_back),
    "conflict": ("local", (120, 36), browser_scenes.conflicting),
    "stats": ("production", (120, 36), browser_scenes.figures),
    "command": ("local", (120, 32), browser_scenes.own_command),
    "choose": ("local", (120, 36), run_scenes.choosing),
    "tasks": ("local", (120, 28), run_scenes.choosing_tasks),
    "values": ("local", (120, 28), run_scenes.setting_values),
    "run": ("local", (120, 36), run_scenes.running),
    "failed": ("local", (120, 36), run_scenes.failing),
    "changes": ("local", (120, 36), run_scenes.what_changed),
    "check": ("local", (120, 40), run_scenes.checking),
    "runs": ("local", (120, 24), run_scenes.runs_of_before),
}
"""Name of the picture -> agent, columns and rows, what to do before it is taken."""

PATH = os.environ["PATH"]


async def take(name: str) -> str:
    """The picture of a scene, as SVG."""
    agent, size, act = SCENES[name]
    async with running(agent, size=size, settings=load_settings()) as driver:
        await act(driver)
        await driver.pilot.pause()
        return driver.app.export_screenshot(title="sloth-tui")


def to_png(svg: str, path: pathlib.Path) -> None:
    """Draw what Textual exported. Raises CalledProcessError, or FileNotFoundError without librsvg."""
    # librsvg folds runs of blanks unless told not to.
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    # It ignores how wide a text is to be: at this size a character is as wide as a cell, 12.2.
    svg = svg.replace("font-size: 20px", "font-size: 19.825px")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as fonts:
        fonts.write(NO_LIGATURES)
        fonts.flush()
        subprocess.run(
            ["rsvg-convert", "--zoom", "1.25", "--output", str(path)],
            input=svg.encode(),
            env={**os.environ, "FONTCONFIG_FILE": fonts.name},
            check=True,
            timeout=60,
        )


def in_a_browser(path: pathlib.Path, directory: pathlib.Path) -> None:
    """Take the picture of the page of ``sloth-runner web`` in Chromium."""
    os.environ["HOME"] = str(directory)
    fill(PERSON, time.time())
    with program() as (address, _, _), Chromium(directory, drawn=True, size=(1200, 800)) as browser:
        browser.open(address)
        wait_until(lambda: browser.run("return Boolean(sessionStorage.getItem('session'))"))
        time.sleep(_SETTLED_SECONDS)  # what is drawn by WebGL cannot be read
        browser.press("/", *"config:v7")
        time.sleep(_SETTLED_SECONDS)
        path.write_bytes(browser.picture())


def draw(name: str, directory: str) -> None:
    """Draw a scene on a sample of its own."""
    os.environ["HOME"], os.environ["PATH"] = directory, PATH
    os.chdir(make_place(directory))
    fill(PERSON, time.time())
    if name == "runs":
        run_scenes.run_before()
    svg = asyncio.run(take(name))
    os.chdir(TARGET.parent)
    to_png(svg, TARGET / f"{name}.png")


def main() -> int:
    """Make all pictures, or those that are named."""
    TARGET.mkdir(exist_ok=True)
    for name in sys.argv[1:] or ("web", *SCENES):
        with tempfile.TemporaryDirectory() as directory:
            if name == "web":
                in_a_browser(TARGET / "web.png", pathlib.Path(directory))
            else:
                draw(name, directory)
        print(f"screenshots/{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
