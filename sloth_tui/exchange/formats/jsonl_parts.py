"""The lines of the own format: what each says, checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.exchange.faults import fault
from sloth_tui.exchange.formats.jsonl_writing import FORMAT
from sloth_tui.exchange.formats.typed import bytes_of, of_type
from sloth_tui.exchange.found import Found
from sloth_tui.exchange.moments import milliseconds, moment
from sloth_tui.origin import Origin
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    Outline,
    SecretKey,
    SecretPattern,
)
from sloth_tui.values.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sloth_tui.store.parts import Part

_WRONG = (LookupError, TypeError, ValueError, AttributeError, SlothError)


class Header(NamedTuple):
    """The first line."""

    agent: str
    outline: Outline
    history: bool
    prefix: str

    @property
    def lines(self) -> int | None:
        """Return how many lines there are to be; None if the header does not tell."""
        return None if self.history else self.outline.keys + 2


def header_of(name: str, line: dict[str, Any]) -> Header:
    """Return the header of a file. Raises ImportFileUnusable."""
    form = line.get("format")
    if line.get("sloth") != "state" or not _is_whole(form):
        raise fault(name, "the header is not that of an export", 1)
    if form != FORMAT:
        raise fault(
            name, f"written in format {form}, and only {FORMAT} is known", 1, hint="upgrade sloth_tui"
        )
    history = line.get("history") is True
    try:
        numbers = [
            _whole(line[field]) if history or field in ("entries", "revision") else 0
            for field in ("entries", "revisions", "revision", "change", "gone")
        ]
        return Header(str(line["agent"]), Outline(*numbers), history, line.get("prefix") or "")
    except _WRONG:
        raise fault(name, "the header lacks a number, or has a wrong one", 1) from None


def entry_of(name: str, line: dict[str, Any], number: int) -> Found:
    """Return the entry of a line. Raises ImportFileUnusable."""
    try:
        expires = line.get("expires_at")
        return Found(
            _key(line["key"]),
            of_type(line["type"], line["value"]) if "type" in line else line["value"],
            number,
            line.get("secret") is True,
            None if expires is None else moment(expires),
        )
    except KeyError as error:
        raise fault(name, f"no entry: {error.args[0]} is missing", number) from None
    except ValueError as error:
        raise fault(name, f"key {str(line.get('key'))[:64]!r}: {error}", number) from None


def part_of(name: str, line: dict[str, Any], number: int) -> Part:
    """Return what a line of a file with history says. Raises ImportFileUnusable."""
    try:
        return _PARTS[line.get("part", "entry")](line)
    except _WRONG as error:
        told = error.message if isinstance(error, SlothError) else ""
        raise fault(name, "no part of a history" + (f": {told}" if told else ""), number) from None


def _entry(line: dict[str, Any]) -> Part:
    kind, stored = _stored(line["type"], line["value"])
    times = milliseconds(line["created_at"]), milliseconds(line["updated_at"])
    numbers = _maybe(line["revision"]), _maybe(line["change"])
    return KeptEntry(
        _bytes(line["key"]), kind, stored, *times, *numbers, milliseconds(line.get("expires_at"))
    )


def _revision(line: dict[str, Any]) -> Part:
    kind, stored = line["type"], b""
    if kind is not None and kind != SECRET:
        kind, stored = _stored(kind, line["old"])
    if line["operation"] not in ("set", "delete"):
        raise ValueError
    return KeptRevision(
        _whole(line["revision"]),
        _bytes(line["key"]),
        line["operation"],
        _whole(line["at"]),
        _maybe(line["change"]),
        _maybe(line["previous"]),
        kind,
        stored,
        _maybe(line["created_at"]),
        _maybe(line["updated_at"]),
    )


def _change(line: dict[str, Any]) -> Part:
    fields = ("number", "at", "first_revision", "made", "last_revision", "forgotten")
    who = line["origin"]
    texts = [who[field] for field in ("user", "host", "program", "title")]
    more = [who[field] for field in ("run", "task")]
    if not all(isinstance(text, str) for text in (*texts, *(text for text in more if text is not None))):
        raise TypeError
    user, host, program, title = texts
    origin = Origin(user, host, _whole(who["pid"]), program, title, *more)
    number, at, first, made, last, forgotten = (_whole(line[field]) for field in fields)
    return KeptChange(number, at, first, made, last, forgotten, origin)


_PARTS: dict[str, Callable[[dict[str, Any]], Part]] = {
    "entry": _entry,
    "revision": _revision,
    "change": _change,
    "secret_key": lambda line: SecretKey(_bytes(line["key"])),
    "secret_pattern": lambda line: SecretPattern(line["pattern"] + ""),
    "forgotten": lambda line: ForgottenOf(_bytes(line["key"]), _whole(line["revision"])),
}


def _stored(kind: Any, value: Any) -> tuple[str, bytes]:
    found, stored = encode(of_type(kind, value))
    return found or "string", stored if isinstance(stored, bytes) else stored.encode()


def _key(key: Any) -> str | bytes:
    if isinstance(key, str):
        return key
    found = bytes_of(key)
    try:
        return found.decode()
    except UnicodeDecodeError:
        return found


def _bytes(key: Any) -> bytes:
    found = _key(key)
    return found if isinstance(found, bytes) else found.encode()


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and math.fabs(value) < 2**63


def _whole(value: Any) -> int:
    if not _is_whole(value):
        raise TypeError
    return int(value)


def _maybe(value: Any) -> int | None:
    return None if value is None else _whole(value)
