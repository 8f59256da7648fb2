"""``.env`` files: ``KEY=VALUE``, all of it text.

Single quotes are literal. In double quotes a backslash before ``n``, ``r``, ``t``, ``"``, ``$``, a backtick
or another backslash begins an escape. Both may go over several lines. Without quotes a value ends before a
blank and ``#``. Nothing is expanded.
"""

from __future__ import annotations

import re

from sloth_tui.errors import InvalidKey, InvalidValue
from sloth_tui.exchange.faults import decoded, fault
from sloth_tui.exchange.found import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source
    from sloth_tui.model import Value

_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([^\s=#'\"]+)[ \t]*=[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"(?:[^\s#]|[ \t]+(?![ \t#\r\n])|(?<=[^\s])#)*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}
_WRITABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-]*")
_CONTROL = re.compile(r"['\x00-\x1f\x7f\u0085\u2028\u2029]")


def read(source: Source, notes: Notes) -> Iterator[Found]:
    name, text = source.name, decoded(source.name, source.whole())
    at, line, counted = 0, 1, 0
    while at < len(text):
        line += text.count("\n", counted, at)
        counted = at
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        found = _NAME.match(text, at)
        if found is None:
            raise fault(name, "not KEY=VALUE", line)
        value, at = _value(name, text, found.end(), line)
        end = _BLANK.match(text, at)
        if end is None:
            raise fault(name, f"text after the value of {found[1][:64]}", line)
        at = end.end()
        yield Found(found[1], value, line)


def line_of(key: str, value: Value | str | bytes) -> str:
    """Return the line of an entry, without its end. Raises InvalidKey, InvalidValue for what such a file
    cannot hold."""
    if not _WRITABLE.fullmatch(key):
        raise InvalidKey(
            f"key '{key[:64]}' is no name of a variable",
            hint="--map :=__ replaces each colon, and can be given several times; or take another format",
        )
    if isinstance(value, bytes) or "\0" in str(value):
        raise InvalidValue(f"key '{key[:64]}': an .env file cannot hold bytes", hint="take jsonl")
    text = str(value)
    if _PLAIN.fullmatch(text):
        return f"{key}={text}"
    if not _CONTROL.search(text):
        return f"{key}='{text}'"
    escaped = re.sub(r'[\\"$`]', lambda sign: "\\" + sign[0], text)
    return f'{key}="' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _value(name: str, text: str, at: int, line: int) -> tuple[str, int]:
    quote = text[at : at + 1]
    if quote not in ("'", '"'):
        bare = _BARE.match(text, at)
        assert bare is not None
        return bare[0], bare.end()
    quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, at)
    if quoted is None:
        raise fault(name, f"the quote {quote} is never closed", line)
    inner = quoted[1]
    return (inner if quote == "'" else _ESCAPE.sub(_meant, inner)), quoted.end()


def _meant(escape: re.Match[str]) -> str:
    return _MEANT.get(escape[1], escape[0])
