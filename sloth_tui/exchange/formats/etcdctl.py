"""What ``etcdctl get -w json`` writes: one line, keys and values in base64."""

from __future__ import annotations

from sloth_tui.exchange.faults import decoded, fault
from sloth_tui.exchange.formats.base64_fields import json_of, of_base64, text_or_bytes
from sloth_tui.exchange.found import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source


def read(source: Source, notes: Notes) -> Iterator[Found]:
    name = source.name
    found = json_of(name, decoded(name, source.whole()))
    if not isinstance(found, dict) or not isinstance(found.get("header"), dict):
        raise fault(name, "not an answer of etcd with a header, as etcdctl get -w json writes it")
    kvs = found.get("kvs") or []
    if not isinstance(kvs, list) or not all(isinstance(kv, dict) for kv in kvs):
        raise fault(name, "its kvs are not a list of keys and values")
    count = _number(found.get("count"))
    if found.get("more") or count > len(kvs):
        raise fault(
            name,
            f"incomplete: it has {len(kvs):,} of {count:,} keys",
            hint="nothing was changed; run etcdctl get without --limit",
        )
    if kvs and not any("value" in kv for kv in kvs):
        raise fault(
            name,
            "no key has a value, as with --keys-only",
            hint="nothing was changed; if all of them are empty, set them one by one",
        )
    for number, kv in enumerate(kvs, 1):
        raw = of_base64(name, kv.get("key"), f"the key of entry {number:,}")
        key = text_or_bytes(raw)
        if isinstance(key, bytes):
            raise fault(name, f"key {raw[:64]!r} of entry {number:,} is not UTF-8")
        if _number(kv.get("lease")):
            notes.count("had a lease, in place of which no time to live is set")
        # An empty value has no field at all.
        value = of_base64(name, kv.get("value", ""), f"the value of key '{key[:64]}'")
        yield Found(key, text_or_bytes(value), None)


def _number(found: object) -> int:
    """Return a number, which the JSON gateway of etcd writes as text."""
    return int(found) if isinstance(found, int) or (isinstance(found, str) and found.isdecimal()) else 0
