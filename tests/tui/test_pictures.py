"""Pictures of the app, compared with those that were looked at.

``SLOTH_PROOF=1`` and ``--snapshot-update`` take new ones; without the former, those of ``make proof`` would
be taken for unused, and deleted.
"""

from __future__ import annotations

import importlib
import os
import pathlib
import pkgutil
import shutil
import sys
import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, TextArea

import sloth_tui.tui
from sloth_tui.model import Origin
from sloth_tui.settings import Settings
from sloth_tui.store import open_store
from sloth_tui.store.sqlite import database_path
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.run_screen.files.file_side import FileSide
from sloth_tui.tui.services import agent_watcher as agent_watcher
from sloth_tui.tui.services import dock
from sloth_tui.tui.services.subscription import URGENT
from sloth_tui.tui.widgets import agent_list, title_bar
from sloth_tui.tui.widgets.dock import lock_list
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from tests.support import wait_until
from tests.tui.driving import Driver, until
from tests.tui.state import ENTRIES, HOSTILE, elsewhere, fill

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    Compare = Callable[..., bool]
    Scene = Callable[[Driver], Awaitable[None]]

pytestmark = pytest.mark.slow

only_in_proof = pytest.mark.proof
"""What other pictures or tests show as well, in parts."""

KEPT = pathlib.Path(__file__).parents[1] / "data" / "kept-run"


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Every module, so that none is loaded while something in its place stands still."""
    for module in pkgutil.walk_packages(sloth_tui.tui.__path__, "sloth_tui.tui."):
        importlib.import_module(module.name)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch, loaded: None) -> None:
    """What differs from run to run stands still: ages, time left, people, processes, paths."""
    someone = lambda program, title, run=None, task=None: Origin(  # noqa: E731  # in two places
        "ana", "build-1", 4242, program, title, run, task
    )
    for name, module in list(sys.modules.items()):
        if name.startswith("sloth_tui.tui.") and hasattr(module, "format_age"):
            monkeypatch.setattr(module, "format_age", lambda at, now: "-" if at is None else "5m ago")
        if name.startswith("sloth_tui.") and hasattr(module, "this_process"):
            monkeypatch.setattr(module, "this_process", someone)
    monkeypatch.setattr(
        lock_list, "draw_bar", lambda remaining, lease, width=8: ("━━━━━╌╌╌", False, "$primary")
    )
    monkeypatch.setattr(lock_list, "format_duration", lambda seconds: "4m 12s")
    monkeypatch.setattr(lock_list, "describe_owner", lambda lock: ("● build-1:4242", "$success"))
    # Nothing waits to be counted, and nothing stands out because it was.
    monkeypatch.setattr(dock, "HIDDEN", URGENT)
    monkeypatch.setattr(dock, "VISIBLE", URGENT)
    monkeypatch.setattr(agent_watcher, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(agent_watcher, "_COUNT_COST_FACTOR", 0.0)
    monkeypatch.setattr(agent_list, "PULSE_SECONDS", 0.1)
    monkeypatch.setattr(title_bar, "_shorten", lambda path, room: f"~/state/{os.path.basename(path)}")


def picture(
    compare: Compare,
    size: tuple[int, int],
    scene: Scene | None = None,
    *,
    agent: str = "local",
    theme: str | None = None,
    read_only: bool = False,
) -> None:
    app = SlothApp(agent, Settings(motion=False, theme=theme), read_only=read_only)

    async def before(pilot: Pilot[int]) -> None:
        driver = Driver(app, pilot)
        await until(driver.settled)
        if scene is not None:
            await driver.at_rest(6)
            await scene(driver)
        await driver.at_rest(10)
        # What was drawn bit by bit looks the same, but is made of other pieces.
        for screen in app.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget.refresh()
        await pilot.pause()

    assert compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((200, 60), marks=only_in_proof),
        pytest.param((120, 40), marks=only_in_proof),
        (80, 24),
        pytest.param((60, 20), marks=only_in_proof),
        (40, 10),
    ],
    ids="{0[0]}x{0[1]}".format,
)
def test_size(believable: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    picture(snap_compare, size)


@pytest.mark.parametrize("theme", ["sloth-day", "sloth-terminal"])
def test_theme(believable: Path, snap_compare: Compare, theme: str) -> None:
    picture(snap_compare, (100, 30), theme=theme)


def test_empty(base: Path, snap_compare: Compare) -> None:
    picture(snap_compare, (80, 24), read_only=True)


def test_error(believable: Path, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    fail = KeysPane.fail

    def fail_here(pane: KeysPane, message: str, hint: str | None) -> None:
        fail(pane, message.replace(str(believable), "~/.sloth-runner"), hint)

    monkeypatch.setattr(KeysPane, "fail", fail_here)
    with open(database_path("production"), "r+b") as file:
        file.write(b"no database at all")
    picture(snap_compare, (100, 30), agent="production")


@only_in_proof
def test_hostile(base: Path, snap_compare: Compare) -> None:
    fill("production", {f"{number:02}{text}": text for number, text in enumerate(HOSTILE)})
    with open_store("production", "write") as store:
        store.acquire(HOSTILE[0], HOSTILE[7], 600)
    picture(snap_compare, (120, 50), agent="production")


def test_clear_is_confirmed(believable: Path, snap_compare: Compare) -> None:
    async def ask(app: Driver) -> None:
        app.browser.perform("clear_all")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))

    picture(snap_compare, (100, 30), ask)


@only_in_proof
def test_conflict(believable: Path, snap_compare: Compare) -> None:
    async def collide(app: Driver) -> None:
        await app.goes_to("table:limits")
        await app.press("e")
        await until(lambda: app.app.screen.query(TextArea))
        app.on_top(TextArea).cursor_blink = False
        app.on_top(TextArea).text = '{"cpu": 3}'
        elsewhere("open_store('local', 'write').__enter__().set('table:limits', {'cpu': 2, 'on': False})")
        await app.sees("Somebody else has changed it meanwhile")

    picture(snap_compare, (100, 30), collide)


def later() -> None:
    """What comes now is newer than what was, by a clock of milliseconds."""
    now = time.time()
    wait_until(lambda: time.time() > now + 0.002, what="the clock to move")


async def marks(app: Driver) -> None:
    await app.press("slash", *"dep", "enter", "space", "space")
    await app.sees("2 marked")


async def tree(app: Driver) -> None:
    await app.press("T")
    await until(lambda: app.table.node == "app:")
    await app.press("down")
    await until(lambda: app.table.node == "cluster:")
    await app.press("right")
    await app.sees("members")


async def history(app: Driver) -> None:
    await app.goes_to("deployment:version")
    await app.press("H")
    await app.sees("what revision")


async def plot(app: Driver) -> None:
    await app.goes_to("deployment:count")
    await app.sees("█")


async def bytes_shown(app: Driver) -> None:
    await app.goes_to("raw:fingerprint")
    await app.sees("8b 00")


async def palette(app: Driver) -> None:
    await app.press("ctrl+p")
    await until(lambda: app.app.screen.query(Input))
    app.on_top(Input).cursor_blink = False
    await app.press(*"del")
    await app.sees("Delete this key")


async def help_shown(app: Driver) -> None:
    await app.press("question_mark")
    await app.sees("esc or ? closes")


async def jump(app: Driver) -> None:
    await app.press("f")
    await until(lambda: app.app.screen is not app.browser)


async def stats(app: Driver) -> None:
    await app.press("5")
    await app.sees("keys by prefix")


async def log(app: Driver) -> None:
    await app.press("6")
    await app.sees("what was done")


@pytest.mark.parametrize(
    "scene",
    [
        tree,
        history,
        help_shown,
        palette,
        stats,
        log,
        *(pytest.param(scene, marks=only_in_proof) for scene in (marks, plot, bytes_shown, jump)),
    ],
)
def test_scene(believable: Path, snap_compare: Compare, scene: Scene) -> None:
    with open_store("local", "write") as store:
        for key, value in ENTRIES.items():
            later()
            store.delete(key)
            store.set(key, value)
        for number in range(1, 9):
            later()
            store.increment("deployment:count", number)
            later()
            store.set("deployment:version", f"v1.{number}.0")
    picture(snap_compare, (120, 40), scene)


SHOP = """\
local hosts = {"web1", "web2"}

task({name = "fetch", description = "Get the release", run = function()
    cmd("curl -O " .. values.release)  -- to this machine
end})
task({name = "switch", depends_on = {"fetch"}, delegate_to = hosts, run = function()
    state.set("deployed:" .. run.host, values.version)
end})
"""


@pytest.fixture
def shop(believable: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a task file and its values, and a run of another one that is kept."""
    directory = believable.parent / "home" / "shop"
    directory.mkdir()
    (directory / "deploy.lua").write_text(SHOP)
    (directory / "deploy.values.yaml").write_text(
        "version: v2.4.0\nrelease: shop.tar.gz\ndb:\n  password: x\n"
    )
    monkeypatch.chdir(directory)
    monkeypatch.setattr(time, "localtime", time.gmtime)
    shutil.copytree(KEPT, believable / "runs")
    return directory


async def choosing(app: Driver) -> None:
    await app.press("r")
    await app.sees("Get the release")
    file = app.on_top(FileSide).file
    await until(lambda: file is not None and file.spans)


async def values(app: Driver) -> None:
    await app.press("r", "enter")
    await app.sees("@web1, web2")
    await app.press("V")
    await app.sees("db.password")


async def kept(app: Driver) -> None:
    await app.press("r", "3")
    await app.sees("began 2026-")


async def failed(app: Driver) -> None:
    await kept(app)
    await app.press("enter")
    await app.sees("run failed in 7.5s")


@pytest.mark.parametrize(
    ("scene", "size"),
    [
        (choosing, (100, 30)),
        (values, (80, 24)),
        pytest.param(kept, (100, 24), marks=only_in_proof),
        (failed, (100, 30)),
        pytest.param(failed, (60, 20), marks=only_in_proof),
    ],
    ids=["choosing", "values", "kept", "failed", "failed-60x20"],
)
def test_run_screen(shop: Path, snap_compare: Compare, scene: Scene, size: tuple[int, int]) -> None:
    picture(snap_compare, size, scene)
