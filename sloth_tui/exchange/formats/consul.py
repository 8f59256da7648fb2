"""What ``consul kv export`` writes, and what Consul's HTTP API answers for keys: its names begin with
capitals."""

from __future__ import annotations

from sloth_tui.exchange.faults import decoded, fault
from sloth_tui.exchange.formats.base64_fields import json_of, of_base64, text_or_bytes
from sloth_tui.exchange.found import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source

_REPLACED = "\ufffd"


def read(source: Source, notes: Notes) -> Iterator[Found]:
    name = source.name
    found = json_of(name, decoded(name, source.whole()))
    if not isinstance(found, list):
        raise fault(name, "not a list, as consul kv export writes one")
    for number, item in enumerate(found, 1):
        yield _entry(name, item, number, notes)


def _entry(name: str, item: Any, number: int, notes: Notes) -> Found:
    where = f"entry {number:,}"
    if not isinstance(item, dict):
        raise fault(name, f"{where} is not an object with key and value")
    fields = {field.lower(): value for field, value in item.items()}
    key = fields.get("key")
    if not isinstance(key, str) or "value" not in fields:
        raise fault(
            name,
            f"{where} lacks key or value, which consul kv export writes",
            hint="nothing was changed; a list is no format of keys and values otherwise",
        )
    stored = fields["value"]
    value = b"" if stored is None else of_base64(name, stored, f"the value of key '{key[:64]}'")
    if fields.get("flags"):
        notes.count("had flags, for which there is no place here")
    if fields.get("session"):
        notes.count("had a lock, which is not imported")
    if _REPLACED in key:
        notes.count("had a key in which Consul replaced what is not UTF-8")
    return Found(key, text_or_bytes(value), None)
