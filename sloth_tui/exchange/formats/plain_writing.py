"""Write the formats of other programs: one JSON object, CSV, ``.env``. None of them holds everything."""

from __future__ import annotations

import json

from sloth_tui.errors import InvalidKey
from sloth_tui.exchange.formats import csv_table, dotenv
from sloth_tui.exchange.formats.jsonl_writing import json_value
from sloth_tui.values.render import pretty, string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sloth_tui.store.parts import KeptEntry

    Write = Callable[[bytes], object]
    Names = Sequence[tuple[str, str]]

_MARGIN = "\n  "


def write_json(entries: Iterable[KeptEntry], write: Write, names: Names) -> None:
    """Write one object, as ``state list -o json`` prints it."""
    before = "{" + _MARGIN
    for entry in entries:
        value = json_value(entry.kind, entry.stored)
        if entry.kind == "table" or (entry.kind == "bytes" and value.startswith("{")):
            value = pretty(json.loads(value), _MARGIN)
        write(f"{before}{string(_key(entry))}: {value}".encode())
        before = "," + _MARGIN
    write(b"{}\n" if before.startswith("{") else b"\n}\n")


def write_csv(entries: Iterable[KeptEntry], write: Write, names: Names) -> None:
    """Write key, value and type, as RFC 4180 has it."""
    write(csv_table.line_of(("key", "value", "type")).encode())
    for entry in entries:
        is_bytes = entry.kind == "bytes"
        value = csv_table.bytes_field(entry.stored) if is_bytes else entry.stored.decode()
        write(csv_table.line_of((_key(entry), value, entry.kind)).encode())


def write_env(entries: Iterable[KeptEntry], write: Write, names: Names) -> None:
    """Write ``KEY=VALUE`` lines. ``names``: what in keys is replaced by what, in this order."""
    taken: dict[str, str] = {}
    for entry in entries:
        key = name = _key(entry)
        for old, new in names:
            name = name.replace(old, new)
        if name in taken:
            raise InvalidKey(
                f"keys '{taken[name][:64]}' and '{key[:64]}' both become {name[:64]}",
                hint="--map can replace by something else",
            )
        taken[name] = key
        try:
            value: str | bytes = entry.stored.decode()
        except UnicodeDecodeError:
            value = entry.stored
        write(dotenv.line_of(name, value).encode() + b"\n")


WRITERS: dict[str, Callable[[Iterable[KeptEntry], Write, Names], None]] = {
    "json": write_json,
    "csv": write_csv,
    "env": write_env,
}


def _key(entry: KeptEntry) -> str:
    try:
        return entry.key.decode()
    except UnicodeDecodeError:
        shown = entry.key[:64].decode("utf-8", "backslashreplace")
        raise InvalidKey(f"key '{shown}' is not UTF-8", hint="only jsonl holds such keys") from None
