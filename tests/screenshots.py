"""Makes the pictures of ``screenshots/`` from the real app: ``python -m tests.screenshots``.

The app runs headless on the sample state of :mod:`sloth_tui.demo`; Textual exports what it painted as SVG,
librsvg draws that as PNG. Fonts and librsvg come with ``tests/setup.sh pictures``. Chromium takes the picture
of the page of ``sloth-runner web``.
"""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, cast

from textual.widgets import TextArea

from sloth_tui.demo.entries import LOCAL
from sloth_tui.demo.filling import fill
from sloth_tui.model import Origin
from tests.support import wait_until
from tests.tui.driving import running, until
from tests.tui.state import elsewhere
from tests.web.chromium import Chromium
from tests.web.driving import program
from tools.smoke import SSH

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

SITE = """
task({name = "configure", delegate_to = {"web1", "web2"}, run = function()
    local written = file.write({path = "app.conf", content = "port = 8080\\nworkers = 4\\ntls = on\\n"})
    if written.changed then cmd("systemctl reload app") end
    state.set("deployed:" .. run.host, "v2.4.0")
end})
"""

_SETTLED_SECONDS = 3.0
TARGET = pathlib.Path(__file__).parent.parent / "screenshots"


async def main_screen(driver: Driver) -> None:
    await driver.goes_to("config:v7")
    await driver.sees("quota_mb")


async def filtering(driver: Driver) -> None:
    await driver.press("slash", *"web0")
    await driver.sees("host:web07:rebooted")
    await driver.loses("cluster:leader")


async def running_a_file(driver: Driver) -> None:
    driver.browser.services.run_file("deploy.lua")
    await driver.press("7")
    await driver.sees("deployed v2.4.0")
    await driver.sees("run done in")


async def checking_two_hosts(driver: Driver) -> None:
    driver.browser.services.run_file("site.lua", check=True)
    await driver.press("7", "+", "+", "+", "+")
    await driver.sees("≠ would change")
    await driver.at_rest()


def two_hosts(directory: pathlib.Path) -> None:
    """Make directories that a stand-in for ssh takes for ``web1`` and ``web2``, and a task file for both."""
    programs = directory / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(SSH)
    (programs / "ssh").chmod(0o755)
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    settings = ""
    for host, port in ("web1", 80), ("web2", 8080):
        (directory / host).mkdir()
        (directory / host / "app.conf").write_text(f"port = {port}\nworkers = 4\n")
        settings += f'[agents.{host}]\ncwd = "{directory / host}"\n'
    config = directory / ".sloth-runner" / "config.toml"
    config.write_text(settings)
    (directory / "site.lua").write_text(SITE)


async def looking_back(driver: Driver) -> None:
    await driver.press("T")
    await driver.goes_to("deployment:version")
    await driver.press("H", "H", "j", "j")
    await driver.sees("what revision")


async def conflicting(driver: Driver) -> None:
    await driver.goes_to("config:v7")
    await driver.press("e")
    await until(lambda: driver.app.screen.query(TextArea))
    area = driver.on_top(TextArea)
    mine = {**cast("dict[str, object]", LOCAL["config:v7"]), "workers": 8}
    area.text = json.dumps(mine, indent=2)
    theirs = {**mine, "workers": 6, "tls": True}
    elsewhere(f"open_store('local', 'write').__enter__().set('config:v7', {theirs!r})")
    await driver.sees("Somebody else has changed it meanwhile")
    await driver.press("ctrl+s")
    await driver.sees("Yours is kept")


async def figures(driver: Driver) -> None:
    await driver.press("5")
    await driver.sees("keys by prefix")
    await driver.at_rest()


SCENES: dict[str, tuple[str, tuple[int, int], Callable[[Driver], Awaitable[None]]]] = {
    "main": ("local", (120, 40), main_screen),
    "filter": ("production", (120, 32), filtering),
    "history": ("local", (120, 36), looking_back),
    "conflict": ("local", (120, 36), conflicting),
    "stats": ("production", (120, 36), figures),
    "run": ("local", (120, 36), running_a_file),
    "check": ("local", (120, 40), checking_two_hosts),
}
"""Name of the picture -> agent, columns and rows, what to do before it is taken."""


async def take(name: str) -> str:
    """The picture of a scene, as SVG."""
    agent, size, act = SCENES[name]
    async with running(agent, size=size) as driver:
        await act(driver)
        await driver.pilot.pause()
        return driver.app.export_screenshot(title="sloth-tui")


def to_png(svg: str, path: pathlib.Path) -> None:
    """Draw what Textual exported. Raises CalledProcessError, or FileNotFoundError without librsvg."""
    # librsvg folds runs of blanks unless told not to.
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
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
    fill(Origin("ana", "workshop", os.getpid(), "sloth-tui", "sample state"), time.time())
    with program() as (address, _, _), Chromium(directory, drawn=True, size=(1200, 800)) as browser:
        browser.open(address)
        wait_until(lambda: browser.run("return Boolean(sessionStorage.getItem('session'))"))
        time.sleep(_SETTLED_SECONDS)  # what is drawn by WebGL cannot be read
        browser.press("/", *"config:v7")
        time.sleep(_SETTLED_SECONDS)
        path.write_bytes(browser.picture())


def main() -> int:
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        in_a_browser(TARGET / "web.png", pathlib.Path(directory))
        print("screenshots/web.png")
    for name in SCENES:
        with tempfile.TemporaryDirectory() as directory:
            os.environ["HOME"] = directory
            fill(Origin("ana", "workshop", os.getpid(), "sloth-tui", "sample state"), time.time())
            pathlib.Path(directory, "deploy.lua").write_text(demo.DEPLOY, "utf-8")
            two_hosts(pathlib.Path(directory))
            os.chdir(directory)
            svg = asyncio.run(take(name))
            os.chdir(TARGET.parent)
        to_png(svg, TARGET / f"{name}.png")
        print(f"screenshots/{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
