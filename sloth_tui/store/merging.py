"""Merge the entries of a source into any store, by what its port offers for entries."""

from __future__ import annotations

from sloth_tui.errors import InvalidKey
from sloth_tui.store.merge_rules import Lives, differs
from sloth_tui.store.parts import Merged
from sloth_tui.values.codec import decode, decode_key, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import Value
    from sloth_tui.store.parts import Batch
    from sloth_tui.store.port import Entries, Store

    Source = Callable[[], Iterable[Batch]]
    Progress = Callable[[int], object]

_AT_ONCE = 1000
"""Keys that are looked up, or deleted, at once."""


class Compared:
    """How some entries of a source compare with those of a store."""

    __slots__ = ("added", "differing", "same")

    def __init__(self, store: Entries, values: dict[str, Value]) -> None:
        found = store.get_many(values)
        self.added = [key for key in values if key not in found]
        self.differing = [key for key, value in found.items() if not same(value, values[key])]
        self.same = len(found) - len(self.differing)


def compare(store: Entries, source: Source, progress: Progress | None = None) -> Iterator[Compared]:
    """Compare the entries of a source with those of a store, part by part."""
    for batch in source():
        for values in _parts(batch):
            yield Compared(store, values)
        if progress is not None:
            progress(batch.done)


def missing(store: Entries, source: Source, prefix: str) -> Iterator[str]:
    """Yield the keys of a store under a prefix that the source lacks, in key order."""
    there = {_text(key) for batch in source() for key, *_ in batch.rows}
    return (key for key in store.keys(prefix) if key not in there)


def merge(store: Store, source: Source, rule: str, replace: str | None, progress: Progress | None) -> Merged:
    """See :class:`sloth_tui.store.port.Moving`. Reads the source to its end before anything is written."""
    if rule == "fail":
        _refuse(store, source)
    secrets = [_text(key) for batch in source() for key in batch.secrets]
    for key in secrets:
        store.mark_secret(key)
    added = changed = alike = kept = removed = 0
    lives = Lives(store, rule)
    with store.transaction():
        if rule == "fail":
            _refuse(store, source)
        for batch in lives.gather(source()):
            for values in _parts(batch):
                found = Compared(store, values)
                wanted = found.added + (found.differing if rule == "overwrite" else [])
                store.set_many({key: values[key] for key in wanted})
                added += len(found.added)
                alike += found.same
                if rule == "overwrite":
                    changed += len(found.differing)
                else:
                    kept += len(found.differing)
            if progress is not None:
                progress(batch.done)
        lives.give()
        if replace is not None:
            removed = store.delete_many(list(missing(store, source, replace)))
    return Merged(added, changed, alike, kept, removed)


def _refuse(store: Store, source: Source) -> None:
    differing = [key for found in compare(store, source) for key in found.differing]
    if differing:
        raise differs(sorted(differing), len(differing))


def _parts(batch: Batch) -> Iterator[dict[str, Value]]:
    for first in range(0, len(batch.rows), _AT_ONCE):
        rows = batch.rows[first : first + _AT_ONCE]
        yield {_text(key): _value(kind, stored) for key, stored, kind, _ in rows}


def _value(kind: str | None, stored: str | bytes) -> Value:
    if kind == "table":
        import json

        table: Value = json.loads(stored)
        return table
    return decode(kind, stored)


def _text(key: str | bytes) -> str:
    if isinstance(key, str):
        return key
    raise InvalidKey(f"key '{decode_key(key)[:64]}' is not UTF-8", hint="this store holds only text")
