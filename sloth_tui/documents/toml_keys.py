"""The keys of a TOML text with their positions: checks their depth, and finds keys that occur twice.

Reads only far enough to tell keys from values. The real parser reports text that is not TOML.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.documents.check import MAX_DEPTH, TOO_DEEP
from sloth_tui.documents.places import occurs_twice, place

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKENS = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>\"{3}(?:[^\\]|\\.)*?\"{3}\"{0,2}|'{3}.*?'{3}'{0,2}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    |(?P<bare>[A-Za-z0-9_-]+)
    |(?P<sign>[\[\]{}=.,\n])""",
    re.DOTALL | re.VERBOSE,
)

Path = tuple[str, ...]
Token = tuple[str, str, int]
"""Kind, text and offset."""
_END: Token = ("end", "", 0)


class Key(NamedTuple):
    """A key at one place of the text."""

    path: Path
    """The path from the outermost table; elements of lists are named ``#1``, ``#2``..."""
    offset: int
    is_table: bool
    """True for a header or a dotted key, which may contain more keys."""
    known: int = 0
    """Number of leading parts of the path that name the table around the key."""


def check_depth(text: str) -> None:
    """Raise ValueError, with the place, if keys or values nest too deep."""
    for _ in _Reader(text).read():
        pass


def find_repeated_key(text: str) -> str | None:
    """Return the message for the first key that occurs twice; None if there is none."""
    given: dict[Path, Key] = {}
    for key in _Reader(text).read():
        for length in range(key.known + 1, len(key.path) + 1):
            first = given.get(key.path[:length])
            if first is not None and (length == len(key.path) or not first.is_table):
                name = ".".join(part for part in first.path if not part.startswith("#"))
                return occurs_twice(name, place(text, first.offset), place(text, key.offset))
        given[key.path] = key
        given.update(_implied(key, given))
    return None


def line_of_key(text: str, path: Path) -> int:
    """Return the line of a key of a TOML text, from 1, or else of the innermost table around it that is
    there; 1 if there is none."""
    found = [0, 0]
    for key in _Reader(text).read():
        if key.path == path[: len(key.path)] and len(key.path) > found[0]:
            found = [len(key.path), key.offset]
    return text.count("\n", 0, found[1]) + 1


def _implied(key: Key, given: dict[Path, Key]) -> dict[Path, Key]:
    """Return the tables that a dotted key creates."""
    if key.is_table:
        return {}
    outer = (key.path[:length] for length in range(key.known + 1, len(key.path)))
    return {path: Key(path, key.offset, is_table=True) for path in outer if path not in given}


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = (
            (str(found.lastgroup), found.group(), found.start())
            for found in _TOKENS.finditer(text)
            if found.lastgroup != "comment"
        )
        self._next: Token = next(self._tokens, _END)
        self._lists: dict[Path, int] = {}
        """Number of tables that each ``[[name]]`` has begun so far."""

    def read(self) -> Iterator[Key]:
        table: Path = ()
        while self._next is not _END:
            if self._next[1] == "[":
                offset = self._next[2]
                table = self._header()
                yield Key(table, offset, is_table=True)
            elif self._next[0] == "sign":
                self._take()
            else:
                yield from self._pair(table)

    def _take(self) -> Token:
        token, self._next = self._next, next(self._tokens, _END)
        return token

    def _header(self) -> Path:
        self._take()
        is_list = self._next[1] == "["
        parts = self._parts(())
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._lists and (not is_list or len(path) < len(parts)):
                path = (*path, f"#{self._lists[path]}")
        if is_list:
            self._lists[path] = self._lists.get(path, 0) + 1
            path = (*path, f"#{self._lists[path]}")
        while self._next is not _END and self._next[1] != "\n":
            self._take()
        return path

    def _pair(self, table: Path) -> Iterator[Key]:
        offset = self._next[2]
        path = self._parts(table)
        yield Key(path, offset, is_table=False, known=len(table))
        if self._next[1] == "=":
            self._take()
            yield from self._value(path)

    def _parts(self, table: Path) -> Path:
        """Return ``table`` extended by the parts of the next key."""
        parts = list(table)
        while self._next[0] in ("bare", "text") or self._next[1] in (".", "["):
            kind, part, offset = self._take()
            if kind != "sign":
                parts.append(_name(part))
                self._check(len(parts), offset)
        return tuple(parts)

    def _value(self, path: Path) -> Iterator[Key]:
        opening, offset = self._next[1:]
        if opening not in ("[", "{"):
            while self._next is not _END and self._next[1] not in (",", "]", "}", "\n"):
                self._take()
            return
        self._check(len(path) + 1, offset)
        self._take()
        count = 0
        while self._next is not _END and self._next[1] not in ("]", "}"):
            if self._next[1] in (",", "\n", "=", "."):
                self._take()
            elif opening == "[":
                count += 1
                yield from self._value((*path, f"#{count}"))
            else:
                yield from self._pair(path)
        self._take()

    def _check(self, depth: int, offset: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError(f"{place(self._text, offset)}: {TOO_DEEP}")


def _name(part: str) -> str:
    if part[0] not in "\"'":
        return part
    if "\\" not in part or part[0] == "'":
        return part[1:-1]
    try:
        return str(tomllib.loads(f"name = {part}")["name"])
    except tomllib.TOMLDecodeError:
        return part
