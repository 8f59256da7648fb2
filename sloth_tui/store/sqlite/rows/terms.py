"""What a query asks of keys and values, as SQL and as tests of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Term
from sloth_tui.store.sqlite.rows.key_index import KEY_RANGE, after_prefix
from sloth_tui.store.sqlite.rows.key_tests import ignores_case, stored_form, test_of
from sloth_tui.store.sqlite.sql.keys import key_bytes

if TYPE_CHECKING:
    import apsw

    from sloth_tui.model import Query

_LONGEST_PATTERN = 10_000
"""Characters of a fuzzy term that SQLite is asked to look for: fewer than it takes in a pattern, and more
than a key has."""


class Terms:
    """The texts of a query as bytes, and its further terms."""

    __slots__ = ("beyond", "key", "prefix", "tests", "value_conditions", "values")

    def __init__(self, query: Query) -> None:
        self.prefix = stored_form(query.prefix)
        self.key = stored_form(query.key)
        self.beyond = after_prefix(self.prefix)
        """The smallest key that is greater than every key with the prefix; None: there is none."""
        first = (Term("prefix", query.prefix), Term("key", query.key))
        self.tests = [test_of(term) for term in (*first, *query.also) if term.text and term.kind != "value"]
        """What keys have to pass."""
        values = [(query.value, False)] if query.value else []
        values += [(term.text, term.inverse) for term in query.also if term.kind == "value"]
        self.values: dict[str, apsw.SQLiteValue] = {
            f"value{number}": stored_form(text) for number, (text, _) in enumerate(values)
        }
        """Bindings of the conditions on values."""
        self.value_conditions = [
            _sql(f"instr(value, CAST(:{name} AS TEXT))", inverse=inverse)
            for name, (_, inverse) in zip(self.values, values, strict=True)
        ]


def key_conditions(query: Query, terms: Terms) -> tuple[list[str], dict[str, apsw.SQLiteValue]]:
    """All that is asked of keys as SQL, with its bindings."""
    # The plus keeps SQLite from walking the index and fetching every row of the table through it.
    conditions = [KEY_RANGE if terms.prefix else "+key >= '' AND +key < x''"]
    bindings: dict[str, apsw.SQLiteValue] = {
        "low": terms.prefix,
        "high": terms.beyond if terms.prefix else None,
        "key": terms.key,
    }
    if terms.key:
        conditions.append("instr(key, CAST(:key AS TEXT))")
    for number, term in enumerate(query.also):
        name = f"key{number}"
        if term.kind == "fuzzy":
            conditions.append(_sql(_fuzzy_condition(term.text, name), inverse=term.inverse))
            bindings[name] = _fuzzy_pattern(term.text)
        elif term.kind != "value":
            stored = stored_form(term.text)
            contains = f"instr(key, CAST(:{name} AS TEXT))" + (" = 1" if term.kind == "prefix" else "")
            conditions.append(_sql(contains, inverse=term.inverse))
            bindings[name] = stored
    return conditions, bindings


def _sql(condition: str, *, inverse: bool) -> str:
    return f"NOT ifnull({condition}, 0)" if inverse else condition


def _fuzzy_condition(text: str, name: str) -> str:
    if len(text) > _LONGEST_PATTERN:
        return "0"
    return f"key LIKE :{name} ESCAPE '\\'" if ignores_case(text) else f"key GLOB :{name}"


def _fuzzy_pattern(text: str) -> str:
    if len(text) > _LONGEST_PATTERN:
        return ""
    # Text that no key holds must not fail to be bound.
    text = text.encode("utf-8", "replace").decode() if key_bytes(text) is None else text
    if ignores_case(text):
        return "%" + "".join(("\\" if it in "%_\\" else "") + it + "%" for it in text)
    return "*" + "".join((f"[{it}]" if it in "*?[" else it) + "*" for it in text)
