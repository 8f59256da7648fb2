"""The styles of roles and of renditions, on the grounds of the theme."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from sloth_tui.tui.run_screen.output import sgr
from sloth_tui.tui.widgets.run_roles import ROLE_STYLES

if TYPE_CHECKING:
    from rich.terminal_theme import TerminalTheme
    from textual.app import App
    from textual.style import Style as VisualStyle

    from sloth_tui.tui.run_screen.output.painted import PaintedLine

ROLES = {**ROLE_STYLES, "found": "$background on $accent"}
"""The roles of what a run says, and what is found."""
_NEAR = 96
"""Two colours whose red, green and blue differ by less in sum cannot be told apart."""


class Styling:
    """Turns roles and renditions into styles; forget it when the theme changes."""

    def __init__(self, app: App[object]) -> None:
        self._parse = app.stylesheet.parse_style
        self._theme: TerminalTheme = app.ansi_theme
        self._native = app.native_ansi_color
        self._colourless = app.no_color
        self._styles: dict[tuple[object, VisualStyle], Style] = {}

    def style(self, what: str | sgr.Rendition, ground: VisualStyle) -> Style:
        """Return the style of a role or a rendition on a ground."""
        found = self._styles.get((what, ground))
        if found is None:
            if len(self._styles) > 4096:  # a command may use every colour there is
                self._styles.clear()
            if isinstance(what, str):
                found = (ground + self._parse(ROLES[what])).rich_style
            else:
                found = self._rendered(what, ground.rich_style)
            self._styles[what, ground] = found
        return found

    def segments(self, painted: PaintedLine, start: int, end: int, base: VisualStyle) -> list[Segment]:
        """Return the characters from ``start`` to ``end`` of a line in their styles, on a ground."""
        text, at, segments = painted.text, start, []
        plain = base.rich_style
        spans = painted.spans
        for number in range(max(bisect_right(spans, (start,)) - 1, 0), len(spans)):
            first, last, style = spans[number]
            if first >= end:
                break
            first, last = max(first, at), min(last, end)
            if first >= last:
                continue
            if first > at:
                segments.append(Segment(text[at:first], plain))
            segments.append(Segment(text[first:last], self.style(style, base)))
            at = last
        if at < end:
            segments.append(Segment(text[at:end], plain))
        return segments

    def _rendered(self, rendition: sgr.Rendition, ground: Style) -> Style:
        front, back = self._colour(rendition.foreground), self._colour(rendition.background)
        if front is not None and self._is_near(front, back or ground.bgcolor):
            front = ground.color
            if back is not None and self._is_near(front, back):
                back = None
        elif front is None and back is not None and self._is_near(ground.color, back):
            front = ground.bgcolor
        flags = rendition.flags
        return ground + Style(
            color=front,
            bgcolor=back,
            bold=bool(flags & sgr.BOLD) or None,
            dim=bool(flags & sgr.DIM) or None,
            italic=bool(flags & sgr.ITALIC) or None,
            underline=bool(flags & sgr.UNDERLINE) or None,
            reverse=bool(flags & sgr.REVERSE) or None,
            strike=bool(flags & sgr.STRIKE) or None,
        )

    def _colour(self, colour: sgr.Colour | None) -> Color | None:
        if colour is None or self._colourless:
            return None
        if isinstance(colour, tuple):
            return Color.from_rgb(*colour)
        found = Color.from_ansi(colour)
        return found if self._native else Color.from_triplet(found.get_truecolor(self._theme))

    def _is_near(self, one: Color | None, other: Color | None) -> bool:
        """Return True if text of one colour cannot be read on the other. What the terminal's own colours look
        like is not known, but that a colour is itself."""
        if one is None or other is None or one.is_default or other.is_default:
            return False
        if self._native and one.number is not None and other.number is not None:
            return one.number == other.number
        pair = zip(one.get_truecolor(self._theme), other.get_truecolor(self._theme), strict=True)
        return sum(abs(a - b) for a, b in pair) < _NEAR
