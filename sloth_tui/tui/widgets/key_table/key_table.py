"""The key table: of millions of rows it holds only those on screen and around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from sloth_tui.model import SORT_COLUMNS, Query
from sloth_tui.tui.messages import MarksStale, PageRequested, SortChosen
from sloth_tui.tui.widgets.key_table.highlight import Highlight
from sloth_tui.tui.widgets.key_table.marking import Marking
from sloth_tui.tui.widgets.key_table.marks import Marks
from sloth_tui.tui.widgets.key_table.painter import AGE_REFRESH_SECONDS, STYLES, Painter
from sloth_tui.tui.widgets.key_table.row_cache import CursorRow, RowCache, spot_of
from sloth_tui.tui.widgets.key_table.row_view import Listener, RowView
from sloth_tui.tui.widgets.key_table.tree_cursor import TreeCursor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType
    from textual.events import Click, Resize
    from textual.geometry import Region
    from textual.strip import Strip

    from sloth_tui.model import Row
    from sloth_tui.tui.widgets.key_table.columns import Column
    from sloth_tui.tui.widgets.key_table.marks import Touched


# Over 200 lines with its style sheet: taking over new rows concerns cursor, cache and painter at once.
class KeyTable(RowView):
    """Shows the rows of the newest query.

    Set ``asked`` to a new query and call :meth:`reset` with its generation. Then pass on RowsIndexed
    (:meth:`index`), RowsChanged (:meth:`change`) and PageLoaded (:meth:`load`) of this generation. The old
    rows stay on screen until the first page of the new ones is loaded. Posts PageRequested, RowHighlighted,
    RowSelected and SortChosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold", "Fold", show=False),
        Binding("right,l", "unfold", "Unfold", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"key-table--{name}" for name in STYLES}
    DEFAULT_CSS = """
    KeyTable {
        background: $background;
        color: $foreground;
        & > .key-table--header { color: $text-muted; text-style: bold; }
        & > .key-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .key-table--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        & > .key-table--flash { background: $accent 25%; color: $foreground; }
        & > .key-table--marked { background: $primary 15%; color: $foreground; }
        & > .key-table--sign { color: $primary; }
        & > .key-table--match { color: $accent; text-style: bold underline; }
        & > .key-table--quiet { color: $text-muted; }
        & > .key-table--number { color: $accent; }
        & > .key-table--table { color: $secondary; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # theirs
        self.marks = Marks()
        self.rows = RowCache()
        self.is_secret: Callable[[str], bool] = lambda key: False
        """Returns True if the value of a key is masked."""
        self._under = CursorRow(self, self.rows)
        self._tree = TreeCursor(self, self.rows, self._under)
        self.marking = Marking(self, self._under, self.marks)
        self._highlight = Highlight(self, self.rows, self._under, self.marking.follow)
        listener = Listener(
            cursor_moved=self._highlight.cursor_moved,
            lines_moved=self._want_rows,
            line_chosen=self._tree.choose,
            heading_clicked=self._sort_by,
        )
        super().__init__(listener, id=id, classes=classes)
        self._painter = Painter(self, self.rows, self.marks, self._masks)
        self.asked = Query()
        """The newest query."""
        self._generation = self._shown_generation = -1
        self.outlived = False
        """True while the rows on screen belong to the previous store."""
        self._told_count = 0
        self._outdated = False
        """True while the rows on screen wait to be replaced after a change."""
        self._sent = False
        """True if go_to() fixed the target; later shifts are ignored."""
        self._shift = 0
        """Lines by which the key under the cursor moves with the new rows."""
        self._destination: int | None = None
        """Where the cursor goes when the answer to a new query arrives."""
        self._moved, self._moved_from = 0, 0
        """Lines by which a person moved the cursor since the newest query was asked, up to when rows were
        replaced, and the line on which the cursor stood then."""

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None if there is none or it is not loaded yet."""
        return self._under.row

    @property
    def key(self) -> str | None:
        """The key under the cursor; None if there is no row, it is not loaded yet, or it is a node."""
        return self._under.key

    @property
    def node(self) -> str | None:
        """The prefix of the node under the cursor; None if there is none."""
        return self._under.node

    @property
    def answered(self) -> Query:
        """The query that the rows on screen answer."""
        return self._painter.answered

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns as they are drawn now."""
        return self._painter.columns

    def _masks(self, key: str) -> bool:
        return self.is_secret(key)

    def touch(self, touched: Touched | None) -> None:
        """Show the keys that runs have changed; None: there are none."""
        self._painter.touch(touched)

    def reset(self, generation: int, *, afresh: bool = False) -> None:
        """Wait for the answer of this generation to another query; ``afresh``: of another store."""
        self._generation = generation
        self.outlived = self.outlived or afresh
        self._told_count, self._outdated, self._shift, self._destination = 0, False, 0, None
        self._sent = False
        self._count_moves()
        self.rows.forget()

    def index(self, count: int, rows: Sequence[Row | None] = (), *, complete: bool) -> None:
        """Set the number of rows and the first of them; not ``complete``: more may follow."""
        self._told_count = count
        if not self._awaits_answer:
            self.set_count(count)
        elif complete and not count:
            self._take_over(0, [])
        elif rows and self._destination is None:
            self._take_over(0, list(rows))
        self._want_rows()

    def change(self, count: int, key: str | None, position: int | None, *, node: bool = False) -> None:
        """Reload the rows after a change. If ``key``, or the ``node`` with this prefix, is under the cursor,
        ``position`` is its line now."""
        if self.marks:
            self.post_message(MarksStale())
        if self._awaits_answer:
            self.index(count, complete=True)
            return
        self._told_count, self._outdated = count, True
        if (
            position is not None
            and not self._sent
            and key is not None
            and key == (self.node if node else self.key)
        ):
            self._shift = position - self.cursor
        self.rows.forget()
        if not count:
            self._take_over(0, [])
        self._want_rows()

    def load(self, first: int, rows: list[Row | None]) -> None:
        """Take in the rows from ``first`` on."""
        if self._outdated or self._awaits_answer:
            self._take_over(first, rows)
        else:
            self.refresh_lines_at(*self.rows.load(first, rows))
            self._painter.measure(rows)
            self._highlight.cursor_moved()

    def go_to(self, line: int, *, from_asked: bool = False) -> None:
        """Put the cursor on a line, at once or when the awaited rows arrive. ``from_asked``: it is where the
        cursor was when they were asked for; lines that it was moved by since count from there."""
        if not from_asked:
            self._count_moves()
        if self._awaits_answer:
            self._destination = line
        elif self._outdated:
            self._shift, self._sent = line + self._moves - self.cursor, True
        else:
            self.move_to(line + self._moves)
            self._count_moves()
            return
        self.rows.forget()
        self._want_rows()

    @property
    def _moves(self) -> int:
        return self._moved + self.cursor - self._moved_from

    def _count_moves(self, so_far: int = 0) -> None:
        self._moved, self._moved_from = so_far, self.cursor

    @property
    def _awaits_answer(self) -> bool:
        return self._generation != self._shown_generation

    def _want_rows(self) -> None:
        """Request the rows that are, or will soon be, on screen."""
        shift = self._shift if self.top else 0
        top = (self._destination or 0) if self._awaits_answer else self.top + shift
        height = self.lines_on_screen
        wanted = self.rows.want(min(top, max(self._told_count - height, 0)), height, self._told_count)
        if wanted is not None:
            self.post_message(PageRequested(self._generation, wanted.start, len(wanted)))

    def _sort_by(self, x: int) -> None:
        for column in reversed(self.columns):
            if column.start <= x < column.start + column.width and column.name in SORT_COLUMNS:
                self.post_message(SortChosen(column.name))

    def _take_over(self, first: int, rows: list[Row | None]) -> None:
        """Replace all rows on screen by these."""
        row, count, before, moves = self.row, self.count, self.rows.by_spot(), self._moves
        changed = self.rows.load(first, rows, anew=True)
        awaited, self._shown_generation, self._outdated = self._awaits_answer, self._generation, False
        self.set_count(self._told_count)
        self._painter.measure(rows)
        if awaited:
            destination, self._destination, self.outlived = self._destination, None, False
            self._painter.answered = self.asked
            self._highlight.forget()
            self.scroll_to(y=0, animate=False)
            if destination is not None:
                self.move_to(destination + moves)
                self._count_moves()
            else:
                self.move_to(self.rows.numbers().get(spot_of(row), 0) if row is not None else 0)
                self._count_moves(moves)
            self.refresh()
        else:
            shift, sent, self._shift, self._sent = self._shift, self._sent, 0, False
            if not (shift or sent) and row is not None:
                # The cursor came to this row just now, so its shift is not known from the change.
                shift = self.rows.numbers().get(spot_of(row), self.cursor) - self.cursor
            if shift:
                self.shift_by(shift)
            self._painter.flash(
                spot for spot, row in self.rows.by_spot().items() if _differs(before.get(spot), row)
            )
            self.refresh_lines_at(*changed)
            if count != self.count:
                self.refresh()
            self._highlight.cursor_moved()
        self._want_rows()

    # Called by the framework.

    def on_mount(self) -> None:
        self.set_interval(AGE_REFRESH_SECONDS, self._painter.refresh_ages)

    def on_focus(self) -> None:
        self.refresh_lines_at(self.cursor)

    def on_blur(self) -> None:
        self.refresh_lines_at(self.cursor)

    def on_resize(self, event: Resize) -> None:
        self._painter.lay_out()

    def on_click(self, event: Click) -> None:
        if self._tree.take_click(event, self.columns) or self.marking.take_click(event):
            event.prevent_default()
            event.stop()

    def action_fold(self) -> None:
        self._tree.fold()

    def action_unfold(self) -> None:
        self._tree.unfold()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget_drawn()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._painter.begin()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        return self._painter.line(y)


def _differs(before: Row | None, now: Row) -> bool:
    """True if a row was changed; opening or closing a node is not a change."""
    return before is not None and before._replace(open=now.open) != now
