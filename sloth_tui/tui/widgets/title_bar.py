"""The title bar, and the line of pane names below it if not all panes fit."""

from __future__ import annotations

import os

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from sloth_tui.text import display_text, format_count

_LEAST_OF_URL = 11
"""Cells after the scheme of a URL below which the scheme alone says more."""


class TitleBar(Static):
    """Shows the agent, where its store is, the number of keys, and whether the screen is live; a click there
    pauses."""

    auto_links = False

    agent: reactive[str] = reactive("")
    location: reactive[str] = reactive("")
    shown: reactive[int | None] = reactive(None)
    total: reactive[int | None] = reactive(None)
    state: reactive[str] = reactive("live")
    """``live``, ``empty``, ``connecting`` or ``no answer``."""
    read_only: reactive[bool] = reactive(False)
    paused: reactive[bool] = reactive(False)
    behind: reactive[bool] = reactive(False)
    """True if the store changed since the pause began."""

    def render(self) -> Content:
        agent = make_clickable(
            Content.assemble((display_text(self.agent), "bold")), "screen.click('go_to_agent')"
        )
        left = Content.assemble((" sloth ", "bold reverse $primary"), " ", agent, " ")
        right = self._right(counted=True)
        room = self._room(left, right)
        place = display_text(_from_home(self.location))
        scheme, separator, _ = place.partition("://")
        if separator:
            # That it is not this machine is more than how much there is.
            if room < len(scheme) + _LEAST_OF_URL:
                right = self._right(counted=False)
                room = self._room(left, right)
            place = _shorten_url(place, room)
        else:
            place = _shorten(place, room)
        gap = " " * max(room - cell_len(place) + 1, 1)
        return Content.assemble(left, (place, "$quiet"), gap, right)

    def _room(self, left: Content, right: Content) -> int:
        return self.size.width - cell_len(left.plain) - cell_len(right.plain) - 2

    def _right(self, *, counted: bool) -> Content:
        """``counted``: with the number of keys."""
        styles = {
            "live": ("● live", "$success"),
            "empty": ("○ empty", "$quiet"),
            "connecting": ("○ connecting", "$quiet"),
        }
        state = Content.assemble(styles.get(self.state, ("✗ " + self.state, "$error")))
        if self.paused and self.state not in ("no answer", "locked"):
            state = Content.assemble(("‖ paused · changes wait" if self.behind else "‖ paused", "$warning"))
        state = make_clickable(state, "screen.click('toggle_live')")
        keys = ""
        if counted and self.total is not None and self.state != "no answer":
            shown = self.shown if self.shown is not None else self.total
            total = format_count(self.total, "key")
            keys = total if shown == self.total else f"{shown:,} of {total}"
        lock = ("read-only", "$warning") if self.read_only else ""
        parts = [Content.assemble(part) for part in (keys, lock, state) if part]
        return Content.assemble(Content("  ").join(parts), " ")


def _from_home(path: str) -> str:
    """Return ``~/...`` for a path in the home directory."""
    home = os.path.expanduser("~")
    return "~" + path.removeprefix(home) if path.startswith(home.rstrip("/") + "/") else path


def _shorten(path: str, room: int) -> str:
    """Return the end of a path that does not fit: the file name says more than the root."""
    if room < 8:
        return ""
    if cell_len(path) <= room:
        return path
    while cell_len(path) > room - 1:
        path = path[1:]
    return "…" + path


def _shorten_url(url: str, room: int) -> str:
    """Return the beginning and the end of a URL that does not fit: which server, and which part of it. At
    least the scheme, whatever the room."""
    if cell_len(url) <= room:
        return url
    scheme, _, rest = url.partition("://")
    if room < len(scheme) + _LEAST_OF_URL:
        return scheme
    head = scheme + "://"
    free = room - len(head) - 1
    while cell_len(rest) > free - free // 3:
        rest = rest[:-1]
    return head + rest + "…" + _end_of(url, free - cell_len(rest))


def _end_of(text: str, room: int) -> str:
    while cell_len(text) > room:
        text = text[1:]
    return text


class PaneStrip(Static):
    """Shows the names of all panes, which can be clicked; the current one stands out."""

    auto_links = False
    """The strip has its own colours for what can be clicked."""

    current: reactive[str] = reactive("")

    def __init__(self, panes: dict[str, str]) -> None:
        super().__init__(id="strip")
        self._panes = panes

    def render(self) -> Content:
        whole = self._line(short=False)
        return whole if whole.cell_length <= self.size.width else self._line(short=True)

    def _line(self, *, short: bool) -> Content:
        """``short``: show only the numbers of the other panes."""
        return Content("").join(
            self._drawn(pane, str(number) if short and pane != self.current else f"{number} {name}")
            for number, (pane, name) in enumerate(self._panes.items(), 1)
        )

    def _drawn(self, pane: str, words: str) -> Content:
        style = "bold underline $primary" if pane == self.current else "$quiet"
        return make_clickable(Content.assemble(" ", (words, style), " "), f"screen.click('show_{pane}')")


def make_clickable(content: Content, action: str) -> Content:
    """Return the content so that a click carries out ``action``, which must not hold data."""
    return content.stylize(Style.from_meta({"@click": action}))
