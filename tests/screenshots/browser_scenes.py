"""What is done in the browser of keys before its pictures are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from textual.widgets import TextArea

from sloth_tui.demo.entries import LOCAL
from tests.tui.driving import until
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from tests.tui.driving import Driver


async def main_screen(driver: Driver) -> None:
    await driver.goes_to("config:v7")
    await driver.sees("quota_mb")


async def filtering(driver: Driver) -> None:
    await driver.press("slash", *"web0")
    await driver.sees("host:web07:rebooted")
    await driver.loses("cluster:leader")


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


async def own_command(driver: Driver) -> None:
    await driver.goes_to("deployment:version")
    await driver.press("X")
    await driver.sees("36 lines")
    await driver.press("g")
    await driver.sees("v2.3.0 -> v2.3.1")
    await driver.at_rest()
