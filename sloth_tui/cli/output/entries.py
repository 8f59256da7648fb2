"""Entries as records: every format of ``state list`` and ``state show`` that shows more than the value."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.jsontext import compact, portable, pretty
from sloth_tui.cli.output.render import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Entry

FIELDS = ("key", "value", "type", "created_at", "updated_at", "revision", "size")


def record(entry: Entry) -> dict[str, object]:
    """The entry as JSON and CSV show it."""
    return {
        "key": entry.key,
        "value": entry.value,
        "type": entry.type,
        "created_at": timestamp(entry.created_at),
        "updated_at": timestamp(entry.updated_at),
        "revision": entry.revision,
        "size": entry.size,
    }


def write_entries(entries: Iterable[Entry], form: str, out: Output) -> int:
    """Write all entries as ``table``, ``jsonl`` or ``csv``; returns how many there were."""
    if form == "table":
        return _as_table(entries, out)
    return write_records(FIELDS, map(record, entries), form, out)


def write_records(fields: Sequence[str], records: Iterable[dict[str, object]], form: str, out: Output) -> int:
    """Write records that all have these fields, as ``json`` (a list), ``jsonl`` or ``csv``."""
    count = 0
    if form == "csv":
        out.line(csv_line(fields), lines=True)
    for found in records:
        if form == "json":
            out.json((",\n  " if count else "[\n  ") + pretty(found, "\n  "))
        elif form == "jsonl":
            out.json(compact(found) + "\n")
        else:
            out.line(csv_line([found[field] for field in fields]), lines=True)
        count += 1
    if form == "json":
        out.json("\n]\n" if count else "[]\n")
    return count


def csv_line(fields: Sequence[object]) -> str:
    """A record as RFC 4180 has it, without the line ending."""
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_csv_cell(field) for field in fields])
    return line.getvalue().removesuffix("\r\n")


def _csv_cell(field: object) -> str:
    if isinstance(field, bytes):
        field = portable(field)
    if field is None:
        return ""
    return field if isinstance(field, str) else compact(field)


def _as_table(entries: Iterable[Entry], out: Output) -> int:
    fields = [
        columns.text("KEY"),
        columns.value("VALUE"),
        columns.word("TYPE"),
        columns.size("SIZE"),
        columns.moment("UPDATED"),
        columns.number("REVISION"),
    ]
    rows = (
        (entry.key, entry.value, entry.type, entry.size, entry.updated_at, entry.revision)
        for entry in entries
    )
    return tables.write_rows(fields, rows, out)
