"""Write the own format: JSON lines between a header and a trailer.

The header has the number of entries, the trailer that of all lines and the SHA-256 of the bytes before it. An
entry is a line as ``state list -o jsonl`` prints it; ``secret`` and ``expires_at`` follow where there is
something to tell. Other parts of a history have a field ``part``.
"""

from __future__ import annotations

import binascii
import hashlib
import time
from json.encoder import encode_basestring as quoted

from sloth_tui.exchange.moments import shown
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    SecretKey,
    SecretPattern,
)
from sloth_tui.text import timestamp
from sloth_tui.values.render import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.parts import Outline, Part

FORMAT = 1
_CHUNK = 1 << 17
_BARE = frozenset(("integer", "float", "boolean"))


class JsonLinesWriter:
    """Writes parts of a store to ``write``, which takes bytes."""

    def __init__(self, write: Callable[[bytes], object], is_secret: Callable[[bytes], bool]) -> None:
        self._write = write
        self._is_secret = is_secret
        self._digest = hashlib.sha256()
        self._lines: list[str] = []
        self._size = 0
        self._count = 0

    def begin(self, outline: Outline, agent: str, prefix: str, *, history: bool) -> None:
        header: dict[str, object] = {
            "sloth": "state",
            "format": FORMAT,
            "agent": agent,
            "entries": outline.keys,
            "revision": outline.revision,
            "exported_at": timestamp(time.time()),
            "prefix": prefix or None,
            "history": history,
        }
        if history:
            header |= {"revisions": outline.revisions, "change": outline.change, "gone": outline.gone}
        self._add(compact(header))

    def entry(self, entry: KeptEntry, *, history: bool) -> None:
        key, kind, stored, created, updated, revision, change, expires = entry
        line = (
            f'{{"key":{_key(key)},"value":{json_value(kind, stored)},"type":"{kind}",'
            f'"created_at":{shown(created)},"updated_at":{shown(updated)},'
            f'"revision":{"null" if revision is None else revision},"size":{len(stored)}'
        )
        if self._is_secret(key):
            line += ',"secret":true'
        if expires is not None:
            line += f',"expires_at":{shown(expires)}'
        if history:
            line += f',"change":{"null" if change is None else change}'
        self._add(line + "}")

    def lines(self, data: bytes, count: int) -> None:
        """Write whole lines."""
        self._flush()
        self._count += count
        self._digest.update(data)
        self._write(data)

    def part(self, part: Part) -> None:
        """Write a part of the history."""
        if isinstance(part, SecretKey):
            self._add(f'{{"part":"secret_key","key":{_key(part.key)}}}')
        elif isinstance(part, SecretPattern):
            self._add(f'{{"part":"secret_pattern","pattern":{compact(part.pattern)}}}')
        elif isinstance(part, ForgottenOf):
            self._add(f'{{"part":"forgotten","key":{_key(part.key)},"revision":{part.revision}}}')
        elif isinstance(part, KeptChange):
            fields = part._asdict() | {"origin": part.origin._asdict()}
            self._add(compact({"part": "change", **fields}))
        elif isinstance(part, KeptRevision):
            self._add(_revision(part))

    def end(self) -> None:
        """Write the trailer."""
        lines = self._count + len(self._lines)
        self._flush()
        trailer = {"end": True, "lines": lines, "sha256": self._digest.hexdigest()}
        self._write(compact(trailer).encode() + b"\n")

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size > _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if not self._lines:
            return
        self._count += len(self._lines)
        self._lines.append("")
        data = "\n".join(self._lines).encode()
        self._lines.clear()
        self._size = 0
        self._digest.update(data)
        self._write(data)


def json_value(kind: str, stored: bytes) -> str:
    """Return the JSON of a stored value, on one line: numbers, booleans and tables are stored as JSON."""
    if kind == "string":
        return quoted(stored.decode())
    if kind in _BARE:
        return stored.decode()
    if kind == "table":
        text = stored.decode()
        # Line feeds in JSON can only be blanks between its parts; other programs may have written them.
        return text.replace("\n", " ").replace("\r", " ") if "\n" in text or "\r" in text else text
    try:
        return quoted(stored.decode())
    except UnicodeDecodeError:
        return _base64(stored)


def _key(key: bytes) -> str:
    try:
        return quoted(key.decode())
    except UnicodeDecodeError:
        return _base64(key)


def _base64(data: bytes) -> str:
    return f'{{"base64":"{binascii.b2a_base64(data, newline=False).decode()}"}}'


def _revision(part: KeptRevision) -> str:
    kind, value = part.kind, "null"
    if kind is not None and kind != SECRET:
        value = json_value(kind, part.stored)
    fields = {
        "at": part.at,
        "change": part.change,
        "previous": part.previous,
        "type": kind,
        "created_at": part.created_at,
        "updated_at": part.updated_at,
    }
    return (
        f'{{"part":"revision","revision":{part.revision},"key":{_key(part.key)},'
        f'"operation":"{part.operation}",{compact(fields)[1:-1]},"old":{value}}}'
    )
