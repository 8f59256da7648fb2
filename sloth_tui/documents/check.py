"""Check values by the rules that all formats have in common."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 200
"""The most objects and lists inside one another."""
TOO_DEEP = f"nested more than {MAX_DEPTH} deep"
MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1
BEYOND_64_BITS = MAX_INTEGER + 1
"""Stands for an integer with too many digits to convert; the check refuses it like the integer itself."""
_SHOWN = 60
"""The most characters of a name, and of each end of a path, that a message repeats."""


class Fault(ValueError):
    """An invalid value. The path to it grows at its front while the error leaves one level after another."""

    def __init__(self, complaint: str) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.path = ""

    def inside(self, segment: str) -> Fault:
        """Return this fault with ``segment``, ``name`` or ``[3]``, added in front of its path."""
        self.path = segment + ("" if not self.path or self.path.startswith("[") else ".") + self.path
        return self

    def __str__(self) -> str:
        path = self.path
        if len(path) > 2 * _SHOWN:
            path = f"{path[:_SHOWN]}…{path[-_SHOWN:]}"
        return f"{path}: {self.complaint}" if path else self.complaint


def shortened(name: str) -> str:
    """Return a name as a message repeats it."""
    return name if len(name) <= _SHOWN else name[:_SHOWN] + "…"


class Checker:
    """Checks values. ``most_values`` and ``most_text`` (characters) limit the expansion of aliases."""

    def __init__(self, most_values: int | None = None, most_text: int | None = None) -> None:
        self._most_values = most_values
        self._most_text = most_text
        self._values = 0
        self._text = 0

    def __call__(self, value: object, depth: int = 0) -> None:
        """Check a value. Raises ValueError that names the place: ``servers[2].port: …``, lists counted from
        1."""
        if depth or self._most_values is not None or not _is_sound(value):
            self._check(value, depth)

    def _check(self, value: object, depth: int) -> None:
        if self._most_values is not None:
            self._values += 1
            if self._values > self._most_values:
                raise Fault(f"more than {self._most_values:,} values")
        if isinstance(value, str):
            self._check_text(value)
        elif isinstance(value, (dict, list)):
            if depth >= MAX_DEPTH:
                raise ValueError(TOO_DEEP)
            self._check_inside(value, depth + 1)
        elif isinstance(value, int):
            if not MIN_INTEGER <= value <= MAX_INTEGER:
                raise Fault("an integer beyond 64 bits; write it as text, in quotes")
        elif isinstance(value, float) and value - value != 0:
            raise Fault("a number that is not finite; write it as text, in quotes")

    def _check_inside(self, table: dict[str, object] | list[object], depth: int) -> None:
        if isinstance(table, dict):
            for name, inner in table.items():
                try:
                    self._check_text(name)
                    self._check(inner, depth)
                except Fault as fault:
                    raise fault.inside(_printable(name)) from None
        else:
            for number, inner in enumerate(table, 1):
                try:
                    self._check(inner, depth)
                except Fault as fault:
                    raise fault.inside(f"[{number}]") from None

    def _check_text(self, text: str) -> None:
        if self._most_text is not None:
            self._text += len(text)
            if self._text > self._most_text:
                from sloth_tui.text import format_size

                raise Fault(f"more than {format_size(self._most_text)} of text")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                half = f"\\u{ord(text[error.start]):04x}"
                raise Fault(
                    f"{half} is half of a character (a lone surrogate); it needs its other half"
                ) from None


def _is_sound(root: object) -> bool:
    """Return True for a value without a fault. Unlike the search for the place of a fault, this is fast."""
    level: list[Any] = [root]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        texts: list[str] = []
        for value in level:
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind is int:
                if not MIN_INTEGER <= value <= MAX_INTEGER:
                    return False
            elif kind is float:
                if value - value != 0:
                    return False
            elif isinstance(value, dict):
                texts.extend(value)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        if not all(map(str.isascii, texts)) and not all(map(_is_utf8, texts)):
            return False
        if not inner:
            return True
        level = inner
    return False  # too deep, or just not: the search knows


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return shortened(name.encode("utf-8", "backslashreplace").decode())
