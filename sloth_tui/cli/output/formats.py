"""Write records in the formats for scripts. Each format is one function in ``WRITERS``."""

from __future__ import annotations

from sloth_tui.values.render import compact, portable, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from sloth_tui.cli.output.stdout import Output

    Records: TypeAlias = Iterable[dict[str, object]]


def write_records(fields: Sequence[str], records: Records, form: str, out: Output) -> int:
    """Write records that all have these fields in the format ``form``; return their number."""
    return WRITERS[form](fields, records, out)


def _json(fields: Sequence[str], records: Records, out: Output) -> int:
    count = 0
    for found in records:
        out.json((",\n  " if count else "[\n  ") + pretty(found, "\n  "))
        count += 1
    out.json("\n]\n" if count else "[]\n")
    return count


def _json_lines(fields: Sequence[str], records: Records, out: Output) -> int:
    count = 0
    for found in records:
        out.json(compact(found) + "\n")
        count += 1
    return count


def _csv(fields: Sequence[str], records: Records, out: Output) -> int:
    count = 0
    out.line(csv_line(fields), lines=True)
    for found in records:
        out.line(csv_line([found[field] for field in fields]), lines=True)
        count += 1
    return count


WRITERS: dict[str, Callable[[Sequence[str], Records, Output], int]] = {
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
}
"""The names are those of ``RECORDS`` in :mod:`sloth_tui.cli.parsing.spec`."""


def csv_line(fields: Sequence[object]) -> str:
    """Return a record as in RFC 4180, without the line ending."""
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
