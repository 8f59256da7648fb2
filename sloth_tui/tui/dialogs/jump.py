"""Jump mode: a label of one or two letters on every target."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from textual.binding import Binding
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType
    from textual.events import Click, Key, Resize

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""Home row first."""
_FADE = 0.55


class Target(NamedTuple):
    """A target, and the screen cell of its label."""

    x: int
    y: int
    go: Callable[[], object]


def make_labels(count: int) -> list[str]:
    """Return ``count`` labels of one or two letters, short ones first, none a prefix of another. At most as
    many as there are pairs of letters."""
    letters = len(LETTERS)
    count = min(count, letters * letters)
    short = letters
    while short + (letters - short) * letters < count:
        short -= 1
    pairs = [first + second for first in LETTERS[short:] for second in LETTERS]
    return [*LETTERS[:short], *pairs][:count]


class JumpScreen(ModalScreen["Target | None"]):
    """Shows the screen with labels; returns the target whose label is typed or clicked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"jump--label"}
    DEFAULT_CSS = """
    JumpScreen {
        & > .jump--label { background: $warning; color: $background; text-style: bold; }
        &:nocolor > .jump--label { text-style: bold reverse; }
    }
    """

    def __init__(self, strips: Sequence[Strip], targets: list[Target]) -> None:
        """``targets``: those that get short labels come first."""
        super().__init__()
        self._strips = list(strips)
        self._targets = dict(zip(make_labels(len(targets)), targets, strict=False))
        self._typed = ""
        self._left = False

    def on_key(self, event: Key) -> None:
        if event.key == "escape":
            return
        event.stop()
        event.prevent_default()
        self._typed += event.character or " "
        if self._typed in self._targets:
            self._leave(self._targets[self._typed])
        elif any(label.startswith(self._typed) for label in self._targets):
            self.refresh()
        else:
            self._leave(None)

    def on_click(self, event: Click) -> None:
        event.stop()
        x, y = event.screen_x, event.screen_y
        for label, target in self._targets.items():
            if target.y == y and target.x <= x < target.x + len(label):
                self._leave(target)
                return
        self._leave(None)

    def on_resize(self, event: Resize) -> None:
        if event.size.height != len(self._strips):
            self._leave(None)

    def action_leave(self) -> None:
        self._leave(None)

    def _leave(self, target: Target | None) -> None:
        # A terminal that is being resized reports it more than once.
        if not self._left:
            self._left = True
            self.dismiss(target)

    def render_line(self, y: int) -> Strip:
        if y >= len(self._strips):
            return Strip.blank(self.size.width)
        shade = self.app.theme_variables.get("background", "#000000")
        faded = BackgroundScreen.process_segments(self._strips[y], Color.parse(shade).with_alpha(_FADE))
        strip = Strip(list(faded))
        style = self.get_component_rich_style("jump--label")
        for label, target in self._targets.items():
            if target.y == y and label.startswith(self._typed):
                shown = label[len(self._typed) :]
                strip = Strip.join(
                    [
                        strip.crop(0, target.x),
                        Strip([Segment(shown, style)]),
                        strip.crop(target.x + len(shown)),
                    ]
                )
        return strip
