"""Copy or move entries to other keys, agents and stores, whatever the backends.

Within one store it is one transaction. Between two stores a move first commits the copies, and then deletes
the originals, as far as they are still what was copied: if it is broken off in between, both are there, and
the same move does the rest.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict
from sloth_tui.store.parts import Outline, SecretKey, SecretPattern
from sloth_tui.values.codec import check_key, decode_key, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store

    Progress = Callable[[int, int], object]

RULES = ("fail", "keep", "overwrite")
"""What becomes of an entry that has another value where the copy is to be: all fails, it stays, or it is
replaced."""
_AT_ONCE = 1000
_NAMED_KEYS = 5


class Place(NamedTuple):
    """Which entries, and where they are to be."""

    source: str
    """A key or, with ``prefix``, what keys begin with."""
    target: str
    """What takes the place of ``source`` in their keys."""
    prefix: bool

    def key_for(self, key: str) -> str:
        return self.target + key[len(self.source) :]


class Relocated(NamedTuple):
    """What was copied or moved, in numbers of entries."""

    entries: int
    """Found at the source."""
    changed: int
    """Written: the target did not have them like this."""
    kept: int
    """Left alone by the rule ``keep``, at the source and at the target."""
    removed: int
    """Deleted at the source; 0 for a copy."""


def remove_copied(source: Store, target: Store) -> int:
    """Delete every entry that another store has like this, in one transaction; return how many. Raises
    Conflict if an entry differs there; then nothing was deleted."""
    keys = list(source.keys())
    _Relocation(source, target, Place("", "", True), "fail", None).remove(keys)
    return len(keys)


def is_same_store(one: Store, other: Store) -> bool:
    """Return True if two handles are of the same state."""
    return (one.backend, one.location, one.agent) == (other.backend, other.location, other.agent)


def relocate(
    source: Store,
    target: Store,
    place: Place,
    rule: str = RULES[0],
    progress: Progress | None = None,
    *,
    moving: bool,
    only: Iterable[str] | None = None,
) -> Relocated:
    """Copy or move entries, in one change set of ``target``, which may be ``source`` itself; ``only`` those
    with these keys, all of which begin with the prefix. Moved entries keep their time to live, copies have
    none.

    What is marked as a secret stays one. Raises KeyNotFound, InvalidKey (a new key is too long), Conflict if
    the rule is ``fail`` and a value differs; then nothing was changed; and the errors of both stores. To move
    to another store raises Conflict, too, if an original was changed before it could be deleted: the copies
    are then there, and all originals.
    """
    return _Relocation(source, target, place, rule, progress, only).run(moving=moving)


class _Relocation:
    def __init__(
        self,
        source: Store,
        target: Store,
        place: Place,
        rule: str,
        progress: Progress | None,
        only: Iterable[str] | None = None,
    ) -> None:
        self._source = source
        self._target = target
        self._place = place
        self._rule = rule
        self._progress = progress
        self._only = only
        self._within = source is target
        self._secrets = _Secrets(source)

    def run(self, *, moving: bool) -> Relocated:
        """Do all of it; within one store in one transaction."""
        with self._target.transaction():
            keys = self._keys()
            leaving = set(keys) if moving and self._within else set()
            moved: list[str] = []
            changed = 0
            for values in self._batches(keys):
                taken, written = self._put(values, leaving, self._ttls(values) if moving else {})
                moved += taken
                changed += written
                if self._progress is not None:
                    self._progress(len(moved), len(keys))
            kept = len(keys) - len(moved)
            if leaving:
                staying = {self._place.key_for(key) for key in moved}
                self._source.delete_many([key for key in moved if key not in staying])
        if moving and not self._within:
            self.remove(moved)
        return Relocated(len(keys), changed, kept, len(moved) if moving else 0)

    def _keys(self) -> list[str]:
        """Return the keys to take; raises KeyNotFound for a single one that is absent."""
        place = self._place
        if self._only is not None:
            return [key for key in dict.fromkeys(self._only) if self._source.exists(key)]
        if place.prefix:
            return list(self._source.keys(place.source))
        return [self._source.entry(place.source).key]

    def _batches(self, keys: list[str]) -> Iterator[dict[str, Value]]:
        """Yield the values by their keys at the source. If copies take the places of originals, all are read
        before the first is written."""
        place = self._place
        overlap = self._within and (
            place.source.startswith(place.target) or place.target.startswith(place.source)
        )
        at_once = len(keys) if overlap else _AT_ONCE
        for first in range(0, len(keys), max(at_once, 1)):
            yield self._source.get_many(keys[first : first + at_once])

    def _ttls(self, keys: Iterable[str]) -> dict[str, float]:
        """Return the seconds that those entries have left which have a time to live."""
        if self._source.next_expiry() is None:
            return {}
        found = ((key, self._source.ttl(key)) for key in keys)
        return {key: seconds for key, seconds in found if seconds}

    def _put(
        self, values: dict[str, Value], leaving: set[str], ttls: dict[str, float]
    ) -> tuple[list[str], int]:
        """Write copies; return the keys whose copies are there now, and how many were written."""
        place = self._place
        new = {check_key(place.key_for(key)): key for key in values}
        there = self._target.get_many(new)
        differing = [key for key, value in there.items() if not same(value, values[new[key]])]
        conflicting = [key for key in differing if key not in leaving]
        if conflicting and self._rule == "fail":
            raise _conflict(conflicting)
        kept = _staying(differing, conflicting, new) if self._rule == "keep" else set()
        wanted = {key: values[old] for key, old in new.items() if key not in kept}
        for key in wanted:
            if self._secrets.includes(new[key]):
                self._target.mark_secret(key)
        limits = {key: ttls[new[key]] for key in wanted if new[key] in ttls}
        return [new[key] for key in wanted], self._target.set_many(wanted, ttls=limits)

    def remove(self, moved: list[str]) -> None:
        """Delete the originals if each still is what its copy is."""
        place = self._place
        with self._source.transaction():
            for first in range(0, len(moved), _AT_ONCE):
                part = self._source.get_many(moved[first : first + _AT_ONCE])
                copies = self._target.get_many(map(place.key_for, part))
                differing = [
                    key for key, value in part.items() if not same(value, copies.get(place.key_for(key)))
                ]
                if differing:
                    raise Conflict(
                        f"{_named(differing)}: changed while moved; copies are there, nothing was deleted",
                        hint="the same command with --on-conflict overwrite moves what is there now",
                    )
                self._source.delete_many(part)


def _staying(differing: list[str], conflicting: list[str], new: dict[str, str]) -> set[str]:
    """Return the keys that stay as they are: where an original has to stay, nothing else can take its
    place."""
    kept: set[str] = set()
    more = set(conflicting)
    while more:
        kept |= more
        staying = {new[key] for key in more}
        more = {key for key in differing if key in staying} - kept
    return kept


class _Secrets:
    """Which keys a store keeps no old values of."""

    def __init__(self, store: Store) -> None:
        self._keys: set[str] = set()
        self._patterns: list[str] = []
        for part in store.dump():
            if isinstance(part, SecretKey):
                self._keys.add(decode_key(part.key))
            elif isinstance(part, SecretPattern):
                self._patterns.append(part.pattern)
            elif not isinstance(part, Outline):
                break

    def includes(self, key: str) -> bool:
        return key in self._keys or any(fnmatchcase(key, pattern) for pattern in self._patterns)


def _conflict(keys: list[str]) -> Conflict:
    verb = "has another value" if len(keys) == 1 else "have other values"
    return Conflict(
        f"{_named(keys)} {verb} there already; nothing was changed",
        hint="--on-conflict keep leaves them, --on-conflict overwrite replaces them",
    )


def _named(keys: list[str]) -> str:
    noun = "key" if len(keys) == 1 else "keys"
    named = ", ".join(f"'{key}'" for key in keys[:_NAMED_KEYS])
    return f"{noun} {named}" + (f" and {len(keys) - _NAMED_KEYS:,} more" if len(keys) > _NAMED_KEYS else "")
