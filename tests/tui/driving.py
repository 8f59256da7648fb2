"""Driving the app as a person would: press, wait for what should be seen, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import _wait
from textual import app as app_module
from textual._compositor import LayoutUpdate
from textual.cache import FIFOCache, LRUCache
from textual.css import stylesheet
from textual.strip import Strip
from textual.widgets import OptionList

from sloth_tui.settings import Settings
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.widgets.detail.detail import DetailPane
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.support import A_MINUTE, Patience

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from rich.console import RenderableType
    from rich.segment import Segment
    from textual.css.model import RuleSet
    from textual.pilot import Pilot
    from textual.screen import Screen as AnyScreen
    from textual.widget import Widget

    from sloth_tui.tui.browser.screen import BrowserScreen

    Screen = Pilot[int]

T = TypeVar("T")
W = TypeVar("W", bound="Widget")


_POLL_SECONDS = 0.04
"""Seconds between two looks at the whole screen."""

_LOOK_AGAIN_SECONDS = 1.0
"""Seconds after which a look draws the whole screen although the app has drawn nothing since the last one."""

# After each key the framework looks twice whether the program is at rest. Two of these are more than a frame,
# so that what is drawn because of a key is drawn; with theirs these tests wait a third of the time.
_wait.SLEEP_GRANULARITY = 1 / 100

_parsed: defaultdict[frozenset[tuple[str, str]], LRUCache[tuple[Any, ...], list[RuleSet]]]
_parsed = defaultdict(lambda: LRUCache(1024))


class _ParsedOnce(stylesheet.Stylesheet):
    """Parses each style sheet once for all apps with the same colours, instead of once for each app."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = _parsed[frozenset(self._variables.items())]

    def set_variables(self, variables: dict[str, str]) -> None:
        self._parse_cache = LRUCache(1)
        super().set_variables(variables)
        self._parse_cache = _parsed[frozenset(variables.items())]


stylesheet.Stylesheet = app_module.Stylesheet = _ParsedOnce  # type: ignore[misc, attr-defined]

_CACHES_OF_STRIPS = {
    "_divide_cache": 4,
    "_crop_cache": 16,
    "_style_cache": 16,
    "_filter_cache": 4,
    "_line_length_cache": 4,
    "_crop_extend_cache": 4,
    "_offsets_cache": 4,
}
"""How much each of them holds. Every line on screen has all seven and seldom needs one: they would be most of
the objects there are, and most of what the search for garbage looks at."""


def _make_strip(self: Strip, segments: Iterable[Segment], cell_length: int | None = None) -> None:
    self._segments = list(segments)
    self._cell_length = cell_length
    self._render_cache = self._link_ids = self._cell_count = None


def _make_cache_of_strip(self: Strip, name: str) -> FIFOCache[Any, Any]:
    """Make a cache of a strip when it is first asked for."""
    if name not in _CACHES_OF_STRIPS:
        raise AttributeError(name)
    cache: FIFOCache[Any, Any] = FIFOCache(_CACHES_OF_STRIPS[name])
    setattr(self, name, cache)
    return cache


Strip.__init__ = _make_strip  # type: ignore[method-assign]
Strip.__getattr__ = _make_cache_of_strip  # type: ignore[attr-defined]


async def until(
    condition: Callable[[], T],
    *,
    seconds: float = A_MINUTE,
    every: float = 0.01,
    what: str | Callable[[], str] = "",
) -> T:
    """Wait until ``condition()`` is true and return what it returned; fail after ``seconds``."""
    patience = Patience(seconds)
    while True:
        found = condition()
        if found:
            return found
        if patience.is_over():
            missed = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds} s: {missed or condition}")
        await asyncio.sleep(every)


class Driver:
    """A running app, and what can be seen of it."""

    def __init__(self, app: SlothApp, pilot: Screen) -> None:
        self.app = app
        self.pilot = pilot
        self.press = pilot.press
        self.toasts = [toast.message for toast in app._notifications]
        """All toasts so far: on a busy machine one may be gone before it is looked for."""
        notify = app.notify

        def listen(message: str, **options: Any) -> None:
            self.toasts.append(message)
            notify(message, **options)

        app.notify = listen  # type: ignore[method-assign]
        self._looked_at: list[list[Segment]] = []
        self._look_again = 0.0
        display = app._display

        def drawn(screen: AnyScreen[Any], renderable: RenderableType | None) -> None:
            self._look_again = 0.0
            display(screen, renderable)

        app._display = drawn  # type: ignore[method-assign]

    @property
    def browser(self) -> BrowserScreen:
        return cast("BrowserScreen", self.app.screen_stack[0])

    @property
    def table(self) -> KeyTable:
        return self.find(KeyTable)

    def find(self, kind: type[W], selector: str = "") -> W:
        """A widget of the browser."""
        return self.browser.query_one(selector, kind) if selector else self.browser.query_one(kind)

    def on_top(self, kind: type[W], selector: str = "") -> W:
        """A widget of the dialog that is open."""
        return self.app.screen.query_one(selector, kind) if selector else self.app.screen.query_one(kind)

    def settled(self) -> bool:
        """Whether the agent's keys are on screen, or why they are not, and every pane is loaded."""
        if not (self.app.screen_stack and self.browser.panes_loaded and self.browser.agent_names):
            return False
        bar, table = self.find(TitleBar), self.table
        return bar.state in ("no answer", "locked") or (bar.total is not None and table.count == bar.shown)

    def unsettled(self) -> str:
        """What there is of the agent so far."""
        if not self.app.screen_stack:
            return "a screen"
        bar, table = self.find(TitleBar), self.table
        loaded = f"panes {self.browser.panes_loaded}, agents {self.browser.agent_names}"
        counts = f"{bar.state}, {table.count} of {bar.shown} of {bar.total}"
        return f"the agent on screen: {loaded}, {counts}\n{self.text()}"

    async def at_rest(self, looks: int = 12) -> None:
        """Wait until the screen has looked the same so often in a row: several polls of the store. On a busy
        machine the looks take longer, as does what they wait for."""
        last: list[list[Segment]] = []
        same = 0
        while same < looks:
            await asyncio.sleep(0.05)
            strips = self._look()
            same = same + 1 if strips == last else 0
            last = strips

    def text(self) -> str:
        """Everything on screen."""
        return _text(self.strips())

    def glance(self) -> str:
        """Everything on screen as the app drew it last, at little cost: for what is waited for."""
        return _text(self._look())

    def _look(self) -> list[list[Segment]]:
        """What is on screen, drawn for the look only if the app has drawn something since the last one."""
        if time.monotonic() >= self._look_again:
            self._looked_at = self.strips()
            self._look_again = time.monotonic() + _LOOK_AGAIN_SECONDS
        return self._looked_at

    def strips(self) -> list[list[Segment]]:
        # Not without the screens below: a dialog remembers what it was drawn on.
        update = self.app.screen._compositor.render_update(
            full=True, screen_stack=self.app._background_screens
        )
        assert isinstance(update, LayoutUpdate)
        return [[segment for strip in line for segment in strip] for line in update.strips]

    async def sees(self, text: str, *, seconds: float = A_MINUTE) -> None:
        def missed() -> str:
            return f"{text!r} on screen:\n{self.text()}"

        await until(lambda: text in self.glance(), seconds=seconds, every=_POLL_SECONDS, what=missed)

    async def loses(self, text: str, *, seconds: float = A_MINUTE) -> None:
        what = f"{text!r} gone from the screen"
        await until(lambda: text not in self.glance(), seconds=seconds, every=_POLL_SECONDS, what=what)

    async def picks(self, text: str) -> None:
        """Wait until the palette offers ``text`` first, and take it."""

        def offered() -> bool:
            options = self.app.screen.query_one(OptionList)
            return options.option_count > 0 and text in str(options.get_option_at_index(0).prompt)

        await until(offered, what=f"{text!r} first in the palette")
        await until(lambda: self.app.screen.query_one(OptionList).highlighted == 0)
        await self.press("enter")

    async def goes_to(self, key: str) -> None:
        """Put the cursor on a key and wait for both, it and its detail, which may be there from an earlier
        visit."""
        self.browser.go_to_key(key)
        detail = self.find(DetailPane)
        await until(
            lambda: self.table.key == key and detail.entry is not None and detail.entry.key == key,
            what=f"cursor on {key!r}, and its detail",
        )


def _text(strips: list[list[Segment]]) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@asynccontextmanager
async def running(
    agent: str = "local",
    *,
    read_only: bool = False,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    app: SlothApp | None = None,
) -> AsyncIterator[Driver]:
    """The app on the test's base directory, as soon as it shows the agent; ``app`` if it is a special one."""
    app = app or SlothApp(agent, settings or Settings(), read_only=read_only)
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        driver = Driver(app, pilot)
        await until(driver.settled, what=driver.unsettled)
        try:
            yield driver
        finally:
            app._exit = True  # as leaving says: what is told from now on may find no part of the screen
