"""Write entries as records: the formats of ``state list`` and ``state show`` that show more than values."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.text import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Entry

FIELDS = ("key", "value", "type", "created_at", "updated_at", "revision", "size")


def record(entry: Entry) -> dict[str, object]:
    """Return the entry as JSON and CSV show it."""
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
    """Write all entries as ``table``, ``jsonl`` or ``csv``; return their number."""
    if form == "table":
        return _as_table(entries, out)
    return write_records(FIELDS, map(record, entries), form, out)


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
