"""Write what became of locks, as records and as tables."""

from __future__ import annotations

from sloth_tui.cli.output import columns
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.output.records import author_of
from sloth_tui.cli.output.tables import write_rows
from sloth_tui.text import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import LockUse, Origin

_WHO = ("author", "host", "pid", "program", "title", "run", "task")
USE_FIELDS = (
    *("name", "holder", "token", "acquired_at", "until", "ephemeral", "renewals", "renewed_at"),
    *("ended_at", "end", "acquired_by", "ended_by"),
)
HELD = "held"


def write_uses(uses: Iterable[LockUse], form: str, out: Output) -> int:
    """Write the acquisitions of locks; return how many there are."""
    if form != "table":
        return write_records(USE_FIELDS, map(use_record, uses), form, out)
    shown_as = [
        columns.moment("ACQUIRED"),
        columns.text("NAME"),
        columns.text("HOLDER"),
        columns.number("TOKEN"),
        columns.word("AUTHOR"),
        columns.number("RENEWALS"),
        columns.word("END"),
        columns.moment("ENDED"),
        columns.text("BY"),
    ]
    return write_rows(shown_as, map(_row, uses), out)


def use_record(use: LockUse) -> dict[str, object]:
    """Return an acquisition as JSON and CSV show it."""
    return {
        "name": use.name,
        "holder": use.holder,
        "token": use.token,
        "acquired_at": timestamp(use.acquired_at),
        "until": timestamp(use.until),
        "ephemeral": use.ephemeral,
        "renewals": use.renewals,
        "renewed_at": timestamp(use.renewed_at),
        "ended_at": timestamp(use.ended_at),
        "end": use.end or HELD,
        "acquired_by": _who(use.origin),
        "ended_by": _who(use.ended_by),
    }


def _row(use: LockUse) -> Sequence[object]:
    by = "" if use.ended_by is None else f"{use.ended_by.user}: {use.ended_by.title}".rstrip(": ")
    return (
        use.acquired_at,
        use.name,
        use.holder,
        use.token,
        "" if use.origin is None else author_of(use.origin),
        use.renewals,
        use.end or HELD,
        use.ended_at,
        by,
    )


def _who(origin: Origin | None) -> dict[str, object] | None:
    return None if origin is None else dict(zip(_WHO, origin, strict=True))
