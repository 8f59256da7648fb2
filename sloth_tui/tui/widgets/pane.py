"""The bordered parts of the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message

from sloth_tui.text import display_text
from sloth_tui.tui.messages import RoutedMessage

if TYPE_CHECKING:
    from typing import Self

    from textual.app import ComposeResult
    from textual.events import Click, MouseDown, MouseMove, MouseUp


class Edged(Vertical):
    """A bordered part of the screen. Its edges hold titles and can be dragged with the mouse."""

    class Grabbed(RoutedMessage):
        """The mouse was pressed on an edge."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    class DoubleClicked(RoutedMessage):
        """An edge was clicked twice."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    class Dragged(RoutedMessage):
        """An edge (``left``, ``right``, ``top`` or ``bottom``) was dragged to this cell of the screen."""

        def __init__(self, pane: str, edge: str, x: int, y: int) -> None:
            super().__init__()
            self.pane = pane
            self.edge = edge
            self.x = x
            self.y = y

    _grabbed: tuple[str, int, int] | None = None
    """The edge that the mouse holds, and the mouse's last cell."""
    _edges: tuple[Content, Content] | None = None
    _only_edges = False

    def set_edges(self, title: Content, note: Content) -> None:
        """Put ``title`` in the upper edge and ``note`` in the lower."""
        if self._edges is not None and all(
            old.is_same(new) for old, new in zip(self._edges, (title, note), strict=True)
        ):
            return
        self._edges = title, note
        self._only_edges = True
        self.border_title = title
        self.border_subtitle = note
        self._only_edges = False

    def on_mouse_down(self, event: MouseDown) -> None:
        edge = self._edge_at(event.screen_x, event.screen_y)
        if edge is not None and event.button == 1:
            event.stop()
            self._grabbed = edge, event.screen_x, event.screen_y
            self.capture_mouse()
            self.post_message(self.Grabbed(self.id or ""))

    def on_mouse_move(self, event: MouseMove) -> None:
        if self._grabbed is not None:
            event.stop()
            edge, x, y = self._grabbed
            if (event.screen_x, event.screen_y) != (x, y):
                self._grabbed = edge, event.screen_x, event.screen_y
                self.post_message(self.Dragged(self.id or "", edge, event.screen_x, event.screen_y))

    def on_mouse_up(self, event: MouseUp) -> None:
        if self._grabbed is not None:
            event.stop()
            self._grabbed = None
            self.release_mouse()

    def on_click(self, event: Click) -> None:
        if event.chain == 2 and self._edge_at(event.screen_x, event.screen_y):
            event.stop()
            self.post_message(self.DoubleClicked(self.id or ""))

    def _edge_at(self, x: int, y: int) -> str | None:
        """Return the edge at a cell of the screen, if there is one."""
        region = self.region
        if not self.styles.border_top[0] or not region.contains(x, y):
            return None
        ends = (("top", y == region.y), ("bottom", y == region.bottom - 1))
        sides = (("left", x == region.x), ("right", x == region.right - 1))
        return next((name for name, there in (*ends, *sides) if there), None)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Redraw; if only the titles changed, only the edges."""
        if self._only_edges and not regions:
            top, _, _, left = self.gutter
            width, height = self.outer_size
            regions = (Region(-left, -top, width, 1), Region(-left, height - top - 1, width, 1))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Pane(Edged):
    """A numbered pane. Its title shows its number, its name and how much it holds."""

    _entitled: tuple[str, str] | None = None

    def __init__(self, number: int, name: str, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._title = Content.assemble((str(number), "$quiet"), " ", name)

    def on_mount(self) -> None:
        self.entitle()

    def entitle(self, count: str = "", note: str = "") -> None:
        """Put ``count`` behind the name in the title, and ``note`` at the lower edge."""
        if self._entitled != (count, note):
            self._entitled = (count, note)
            title = self._title
            if count:
                title = Content.assemble(title, " ", (display_text(count), "$quiet"))
            self.set_edges(title, Content(display_text(note)))


class Place(Pane):
    """The edges of a pane that is mounted later, inside them."""

    def on_hosted_pane_entitled(self, message: HostedPane.Entitled) -> None:
        """Use the title of the hosted pane."""
        message.stop()
        self.entitle(message.count, message.note)


class HostedPane(Vertical):
    """A pane hosted by the dock or a place, which draw its edges and title.

    It is empty until its contents are mounted; show nothing in it before that.
    """

    class Entitled(Message):
        """The title of this pane changed."""

        def __init__(self, pane: str, count: str, note: str) -> None:
            super().__init__()
            self.pane = pane
            self.count = count
            self.note = note

    _entitled: tuple[str, str] | None = None

    def on_mount(self) -> None:
        self.entitle()

    def entitle(self, count: str = "", note: str = "") -> None:
        """Put ``count`` behind the name in the title, and ``note`` at the lower edge."""
        if self._entitled != (count, note):
            self._entitled = (count, note)
            self.post_message(self.Entitled(self.id or "", count, note))

    def compose_body(self) -> ComposeResult:
        """Yield the contents of the pane."""
        raise NotImplementedError

    def on_loaded(self) -> None:
        """Called when the widgets of :meth:`compose_body` are mounted."""
        raise NotImplementedError
