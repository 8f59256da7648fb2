"""The lines between the header and the trailer of an export, held to both.

A thousand lines are parsed at once, as one list: more than three times as fast as one by one. Where anything
about them is unusual they are gone through once more, one by one, for the number of the line.
"""

from __future__ import annotations

import hashlib
import json
import time

from sloth_tui.errors import ImportFileUnusable, SlothError
from sloth_tui.exchange.faults import fault, occurs_twice
from sloth_tui.exchange.formats.jsonl_parts import Header, entry_of
from sloth_tui.store.parts import Batch
from sloth_tui.text import format_count
from sloth_tui.values.codec import MAX_KEY, MAX_VALUE, check_key, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sloth_tui.exchange.found import Found, Notes
    from sloth_tui.exchange.source import Source

BOM = b"\xef\xbb\xbf"
_USUAL_FIELDS = 7
"""Of an entry without anything to tell but its value."""
HINT = "nothing was changed; without its first and last line a file is read unchecked"


class Checked:
    """The lines between a header and a trailer, held to both."""

    def __init__(
        self, source: Source, header: Header, parsed: Callable[[bytes, int], dict[str, Any]]
    ) -> None:
        self._source = source
        self._header = header
        self._parsed = parsed
        self._digest = hashlib.sha256()
        self._line = 0
        """Lines read so far, the header included."""
        self._ended = False
        self._entries = 0
        self._raw_keys: set[bytes] = set()

    def lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield what each line holds, with its number, without header and trailer."""
        for lines in self._source.line_batches():
            for line in lines:
                if self._take(line):
                    yield self._line, self._read(line)
        self._require_end()

    def batches(self, notes: Notes, prefix: str) -> Iterator[Batch]:
        number, last, now = 0, "", time.time()
        for lines in self._source.line_batches():
            begun = self._line
            rows, texts = self._fast(lines, number, last, prefix) if begun else ([], ())
            secrets: list[str | bytes] = []
            expires: dict[str, float] = {}
            if rows and len(rows) == len(lines):
                last = texts[-1]
                self._line += len(lines)
                self._entries += len(lines)
                self._digest.update(b"\n".join(lines) + b"\n")
            else:
                rows = []
                for line in lines:
                    found = self._slow(line, last)
                    if found is None:
                        continue
                    last = found.key if isinstance(found.key, str) else last
                    if self._left_out(found, notes, prefix, now):
                        continue
                    rows.append((found.key, *_encoded(self._source.name, found), number + len(rows) + 1))
                    if found.secret:
                        secrets.append(found.key)
                        notes.secrets += 1
                    if found.expires_at is not None and isinstance(found.key, str):
                        expires[found.key] = found.expires_at
            number += len(rows)
            if rows:
                yield Batch(rows, secrets, expires, self._source.position())
        self._require_end()

    def _fast(
        self, lines: list[bytes], number: int, last: str, prefix: str
    ) -> tuple[list[Any], tuple[str, ...] | list[str]]:
        """Return the rows of lines that have nothing unusual, and their keys; fewer rows than lines if they
        have."""
        joined = b",".join(lines)
        # Escapes of halves of characters, carriage returns and large values are looked at one by one.
        if prefix or b"\\ud" in joined or b"\\uD" in joined or b"\r" in joined or len(joined) > MAX_VALUE:
            return [], ()
        try:
            found = json.loads("[" + joined.decode() + "]")
            keys = [entry["key"] for entry in found]
        except (ValueError, RecursionError, LookupError, TypeError):
            return [], ()
        if len(found) != len(lines):
            return [], ()
        rows: list[tuple[str, str | bytes, str | None, int]] = []
        try:
            for place, entry in enumerate(found, number + 1):
                key = entry["key"]
                if not last < key or len(entry) != _USUAL_FIELDS:
                    return [], ()
                last = key
                value = entry["value"]
                if entry["type"] == "string":
                    if type(value) is not str:
                        return [], ()
                    rows.append((key, value, None, place))
                else:
                    kind, stored = encode(entry_of("", entry, 0).value)  # type: ignore[arg-type]
                    rows.append((key, stored, kind, place))
        except (LookupError, TypeError, SlothError):
            return [], ()
        text = "\n".join(keys)
        # No character takes more than four bytes.
        if "\0" in text or not keys[0] or max(map(len, keys)) > MAX_KEY // 4:
            return [], ()
        return rows, keys

    def _slow(self, line: bytes, last: str) -> Found | None:
        """Return the entry of a line; None for the header, the trailer and other parts."""
        if not self._take(line):
            return None
        name, number = self._source.name, self._line
        found = self._read(line)
        if "part" in found:
            return None
        entry = entry_of(name, found, number)
        self._entries += 1
        if isinstance(entry.key, bytes):
            if entry.key in self._raw_keys:
                raise fault(name, f"key {entry.key[:64]!r} occurs twice", number)
            self._raw_keys.add(entry.key)
        else:
            if entry.key <= last:
                raise self._out_of_order(entry.key, number)
            try:
                check_key(entry.key)
            except SlothError as error:
                raise fault(name, error.message, number, hint=error.hint) from error
        return entry

    def _take(self, line: bytes) -> bool:
        """Count and digest a line; return True unless it is header, trailer or nothing."""
        line = line.removesuffix(b"\r")
        self._line += 1
        if self._ended:
            if line.strip():
                raise fault(self._source.name, "something follows the end of the export", self._line)
            return False
        if self._line == 1:
            self._digest.update(line.removeprefix(BOM) + b"\n")
            return False
        if line.startswith(b'{"end":'):
            self._end(self._read(line))
            return False
        self._digest.update(line + b"\n")
        return True

    def _read(self, line: bytes) -> dict[str, Any]:
        try:
            return self._parsed(line, self._line)
        except ImportFileUnusable:
            if self._source.cut:
                self._line -= 1
                raise self._truncated() from None
            raise

    def _truncated(self) -> ImportFileUnusable:
        told = f"; the header tells of {self._header.lines:,}" if self._header.lines else ""
        reason = f"truncated after {format_count(self._line, 'line')}{told}"
        return fault(self._source.name, reason, hint=HINT)

    def _end(self, trailer: dict[str, Any]) -> None:
        self._ended = True
        name, lines = self._source.name, self._line - 1
        if trailer.get("lines") != lines:
            raise fault(
                name,
                f"{lines:,} lines before the trailer, which tells of {trailer.get('lines')}: edited",
                self._line,
                hint=HINT,
            )
        if trailer.get("sha256") != self._digest.hexdigest():
            raise fault(name, "edited or damaged: its content does not have its checksum", hint=HINT)

    def _require_end(self) -> None:
        if not self._ended:
            raise self._truncated()
        if not self._header.history and self._entries != self._header.outline.keys:
            raise fault(
                self._source.name,
                f"{self._entries:,} entries, and the header tells of {self._header.outline.keys:,}",
            )

    def _left_out(self, found: Found, notes: Notes, prefix: str, now: float) -> bool:
        key = found.key
        if prefix and not (
            key.startswith(prefix) if isinstance(key, str) else key.startswith(prefix.encode())
        ):
            notes.passed_over += 1
            return True
        if found.expires_at is not None and found.expires_at <= now:
            notes.expired += 1
            return True
        return False

    def _out_of_order(self, key: str, number: int) -> SlothError:
        """Return the error for a key that is not after the one before."""
        for line, lines in enumerate(_all_lines(self._source), 1):
            if line >= number:
                break
            if line > 1 and self._parsed(lines, line).get("key") == key:
                return occurs_twice(self._source.name, key, line, number)
        return fault(self._source.name, f"key '{key[:64]}' is not in order: the file was edited", number)


def _all_lines(source: Source) -> Iterator[bytes]:
    for lines in source.line_batches():
        yield from lines


def _encoded(name: str, found: Found) -> tuple[Any, Any]:
    try:
        kind, stored = encode(found.value)  # type: ignore[arg-type]  # None is what it refuses
    except SlothError as error:
        raise fault(name, f"key {str(found.key)[:64]!r}: {error.message}", found.line) from error
    return stored, kind
