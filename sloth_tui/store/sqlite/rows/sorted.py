"""Rows in the order of another column than the key: rowids by position, as the database sorts them."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import TYPE_CHECKING

from sloth_tui.store.rows.order import FIRST_PAGE
from sloth_tui.store.rows.terms import Terms
from sloth_tui.store.sqlite.rows.conditions import key_conditions, value_conditions
from sloth_tui.store.sqlite.rows.row_reader import SIZE, TYPE, UPDATED, integers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import apsw

    from sloth_tui.model import Query
    from sloth_tui.store.sqlite.engine.errors import TranslatedErrors

SLICE = 20_000
"""Rows taken from a sorted result at once."""

_EXPRESSIONS = {"type": TYPE, "size": SIZE, "updated": UPDATED, "revision": "revision"}
_ROW_OF = "SELECT rowid FROM state WHERE key = CAST(? AS TEXT)"


class Sorted:
    """See :class:`sloth_tui.store.rows.source.SortedRows`.

    It only grows while it is built, so another thread may ask for rows at the same time.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        query: Query,
        translated: TranslatedErrors,
        hide: Callable[[str], str],
    ) -> None:
        """``hide``: :meth:`sloth_tui.store.sqlite.rows.expired.Expired.hide`."""
        self._connection = connection
        self._hide = hide
        self._translated = translated
        self._expression = _EXPRESSIONS[query.sort]
        self._direction = "DESC" if query.descending else "ASC"
        self._terms = Terms(query)
        self._rows: array[int] = array("q")

    @property
    def count(self) -> int:
        return len(self._rows)

    def build(self) -> Iterator[int]:
        """Find the first page, then all rows; yield the number known."""
        with self._translated:
            self._rows.extend(integers(self._select(FIRST_PAGE)))
            yield len(self._rows)
            if len(self._rows) < FIRST_PAGE:
                return
            answer = integers(self._select(-1))
            rows = array("q", islice(answer, SLICE))
            self._rows = rows
            while len(rows) % SLICE == 0:
                yield len(rows)
                known = len(rows)
                rows.extend(islice(answer, SLICE))
                if len(rows) == known:
                    return

    def rowids(self, first: int, count: int) -> list[int]:
        return self._rows[first : first + count].tolist()

    def position(self, key: bytes) -> int | None:
        """Return the position of a key; None if it is not there, or not found yet."""
        with self._translated:
            rowid = self._connection.execute(_ROW_OF, (key,)).get
        try:
            return self._rows.index(rowid)
        except (ValueError, TypeError):
            return None

    def _select(self, limit: int) -> apsw.Cursor:
        conditions, bindings = key_conditions(self._terms)
        of_values, more = value_conditions(self._terms)
        statement = self._hide(
            f"SELECT rowid FROM state WHERE {' AND '.join(conditions + of_values)} "
            f"ORDER BY {self._expression} {self._direction}, key LIMIT :limit"
        )
        return self._connection.execute(statement, {**bindings, **more, "limit": limit})
