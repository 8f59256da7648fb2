"""SQLite databases: of this program, of the original one in Go, and of its older generation."""

from __future__ import annotations

from sloth_tui.errors import SlothError
from sloth_tui.exchange.faults import fault
from sloth_tui.exchange.found import Found
from sloth_tui.store import read_foreign_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source

_RUBBISH = "table: 0x"


def read(source: Source, notes: Notes) -> Iterator[Found]:
    """Yield the entries, from a copy: the file is only read."""
    if source.path is None or source.compressed:
        raise fault(
            source.name,
            "a database can be imported only from a file that is not compressed",
            hint="nothing was changed; store it as a file, and name that",
        )
    try:
        for key, value, expires_at in read_foreign_database(source.path):
            if isinstance(value, str) and value.startswith(_RUBBISH):
                notes.count("had a memory address like 'table: 0xc000012345' in place of a table")
            yield Found(key, value, None, expires_at=expires_at)
    except SlothError as error:
        raise fault(source.name, error.message.removeprefix(f"{source.path}: "), hint=error.hint) from error
