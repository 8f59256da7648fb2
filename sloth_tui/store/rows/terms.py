"""The conditions of a query on keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Term
from sloth_tui.store.rows.key_tests import stored_form, test_of
from sloth_tui.values.codec import after_prefix

if TYPE_CHECKING:
    from sloth_tui.model import Query


class Terms:
    """The conditions of a query, with their texts as bytes."""

    __slots__ = ("also", "beyond", "key", "prefix", "tests", "values")

    def __init__(self, query: Query) -> None:
        self.prefix = stored_form(query.prefix)
        self.key = stored_form(query.key)
        self.beyond = after_prefix(self.prefix)
        """The smallest key greater than every key with the prefix; None if there is none."""
        first = (Term("prefix", query.prefix), Term("key", query.key))
        self.tests = [test_of(term) for term in (*first, *query.also) if term.text and term.kind != "value"]
        """The tests that keys must pass."""
        values = [(query.value, False)] if query.value else []
        values += [(term.text, term.inverse) for term in query.also if term.kind == "value"]
        self.values = [(stored_form(text), inverse) for text, inverse in values]
        """(text, inverse): values must contain the text, or must not if ``inverse``."""
        self.also = query.also
        """The further terms of the query, unchanged."""
