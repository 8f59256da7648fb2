"""The conditions of a query on keys and values, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from sloth_tui.store.rows.key_tests import ignores_case, stored_form
from sloth_tui.values.codec import key_bytes

if TYPE_CHECKING:
    import apsw

    from sloth_tui.store.rows.terms import Terms

# An empty blob serves as "no upper bound": in SQLite's order every blob comes after all text.
KEY_RANGE = (
    "key >= CAST(:low AS TEXT) AND key < CASE WHEN :high IS NULL THEN x'' ELSE CAST(:high AS TEXT) END"
)
_LONGEST_PATTERN = 10_000
"""The most characters of a fuzzy term that SQLite is given: fewer than its limit for a pattern, and more than
a key has."""


def value_conditions(terms: Terms) -> tuple[list[str], dict[str, apsw.SQLiteValue]]:
    """Return all conditions on values, with their bindings."""
    conditions: list[str] = []
    bindings: dict[str, apsw.SQLiteValue] = {}
    for number, (text, inverse) in enumerate(terms.values):
        name = f"value{number}"
        conditions.append(_sql(f"instr(value, CAST(:{name} AS TEXT))", inverse=inverse))
        bindings[name] = text
    return conditions, bindings


def key_conditions(terms: Terms) -> tuple[list[str], dict[str, apsw.SQLiteValue]]:
    """Return all conditions on keys, with their bindings."""
    # The plus keeps SQLite from using the index, through which it would fetch every row of the table.
    conditions = [KEY_RANGE if terms.prefix else "+key >= '' AND +key < x''"]
    bindings: dict[str, apsw.SQLiteValue] = {
        "low": terms.prefix,
        "high": terms.beyond if terms.prefix else None,
        "key": terms.key,
    }
    if terms.key:
        conditions.append("instr(key, CAST(:key AS TEXT))")
    for number, term in enumerate(terms.also):
        name = f"key{number}"
        match term.kind:
            case "fuzzy":
                condition = _fuzzy_condition(term.text, name)
                bindings[name] = _fuzzy_pattern(term.text)
            case "prefix" | "key":
                condition = f"instr(key, CAST(:{name} AS TEXT))" + (" = 1" if term.kind == "prefix" else "")
                bindings[name] = stored_form(term.text)
            case "value":
                continue
            case _:
                assert_never(term.kind)
        conditions.append(_sql(condition, inverse=term.inverse))
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
    # Binding text that no key can hold must not fail.
    text = text.encode("utf-8", "replace").decode() if key_bytes(text) is None else text
    if ignores_case(text):
        return "%" + "".join(("\\" if it in "%_\\" else "") + it + "%" for it in text)
    return "*" + "".join((f"[{it}]" if it in "*?[" else it) + "*" for it in text)
