"""CSV with a heading: the columns ``key`` and ``value``, and ``type`` if there is one; others do not matter.

Bytes are text if they are UTF-8, else ``{"base64": "..."}`` on which their type tells.
"""

from __future__ import annotations

import csv
import io
import json

from sloth_tui.exchange.faults import fault, not_utf8
from sloth_tui.exchange.formats.typed import of_type
from sloth_tui.exchange.found import Found
from sloth_tui.exchange.moments import moment
from sloth_tui.exchange.sniffing import refuse_utf16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source

_MAX_FIELD = 512 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def read(source: Source, notes: Notes) -> Iterator[Found]:
    name = source.name
    refuse_utf16(name, source.beginning(4))
    csv.field_size_limit(_MAX_FIELD)
    reader = csv.reader(_lines(source), strict=True)
    began = 1
    heading: list[str] | None = None
    try:
        for row in reader:
            line, began = began, reader.line_num + 1
            if heading is None:
                heading = _heading(name, row)
            elif row:
                yield _entry(name, heading, row, line)
    except csv.Error as error:
        raise fault(name, f"not CSV: {error}", reader.line_num) from error
    if heading is None:
        raise fault(name, "empty")


def line_of(fields: Iterable[str]) -> str:
    """Return a record with its end. Everything is quoted: text may hold any character."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(fields)
    return line.getvalue()


def bytes_field(data: bytes) -> str:
    """Return bytes as a field: text, unless that would not come back as it was."""
    from sloth_tui.values.render import compact, portable

    found = portable(data)
    if isinstance(found, str) and found.startswith('{"base64"'):
        import binascii

        found = {"base64": binascii.b2a_base64(data, newline=False).decode()}
    return found if isinstance(found, str) else compact(found)


def _lines(source: Source) -> Iterator[str]:
    number = 0
    for batch in source.line_batches():
        for line in batch:
            number += 1
            data = line.removeprefix(_BOM) if number == 1 else line
            try:
                yield data.decode() + "\n"
            except UnicodeDecodeError as error:
                raise not_utf8(source.name, data[: error.start], number) from None


def _heading(name: str, row: list[str]) -> list[str]:
    columns = [column.strip().lower() for column in row]
    for wanted in ("key", "value"):
        if columns.count(wanted) != 1:
            raise fault(name, f"the heading must have one column '{wanted}'", 1)
    return columns


def _entry(name: str, heading: list[str], row: list[str], line: int) -> Found:
    if len(row) != len(heading):
        raise fault(name, f"{len(row)} fields, and the heading has {len(heading)}", line)
    fields = dict(zip(heading, row, strict=True))
    try:
        value = _value(fields.get("type") or "string", fields["value"])
        expires = moment(fields["expires_at"]) if fields.get("expires_at") else None
    except ValueError as error:
        raise fault(name, f"key '{fields['key'][:64]}': {error}", line) from error
    return Found(fields["key"], value, line, fields.get("secret") == "true", expires)


def _value(kind: str, text: str) -> Any:
    """Return the value of a field. Raises ValueError."""
    if kind == "string":
        return text
    if kind == "bytes":
        found: object = text
        if text.startswith('{"base64"'):
            try:
                found = json.loads(text)
            except ValueError:
                found = text
        return of_type(kind, found)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"'{text[:64]}' is no {kind}") from None
    return of_type(kind, found)
