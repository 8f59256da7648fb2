"""Parse YAML by the core schema of YAML 1.2 into the values of JSON. ``<<`` is an ordinary key: no merging.

The values are built from the parser's events, not by a loader of the library: its constructors follow YAML
1.1, lose the positions of keys, and recurse before anything can be counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sloth_tui.documents.check import MAX_DEPTH, TOO_DEEP, Checker
from sloth_tui.documents.core_schema import resolve
from sloth_tui.documents.places import occurs_twice, place

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = object()
"""Placeholder for an anchor whose node has not ended."""
_PREFIX = "tag:yaml.org,2002:"
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str, check: Checker, most_values: int) -> object:
    """Return the only document of a YAML text, None if it is empty. Raises ValueError with the place."""
    try:
        found = _Builder(yaml.parse(text, Loader=_PARSER), most_values).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{_place(mark)}: " if mark is not None else ""
        problem = str(error.problem or error.context)
        raise ValueError(where + (TOO_DEEP if "nesting depth" in problem else problem)) from None
    except yaml.reader.ReaderError:
        wrong = yaml.reader.Reader.NON_PRINTABLE.search(text)
        offset = wrong.start() if wrong else 0
        complaint = (
            f"U+{ord(text[offset]):04X} is not allowed in YAML; write it as an escape in double quotes"
        )
        raise ValueError(f"{place(text, offset)}: {complaint}") from None
    check(found)
    return found


class _Builder:
    def __init__(self, events: Iterator[Any], most_values: int) -> None:
        self._events = events
        self._anchors: dict[str, object] = {}
        self._room = most_values
        self._most = most_values

    def document(self) -> object:
        found: object = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _wrong(event, "a second document; only one is read")
                found = self._node(next(self._events), 0)
        return found

    def _node(self, event: Any, depth: int) -> object:
        self._take(event)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _OPEN
        if isinstance(event, yaml.ScalarEvent):
            found = _scalar(event)
        else:
            if depth >= MAX_DEPTH:
                raise _wrong(event, TOO_DEEP)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            if event.tag not in (None, "!", _PREFIX + ("seq" if is_list else "map")):
                raise _unknown_tag(event)
            found = self._list(depth + 1) if is_list else self._mapping(depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _aliased(self, event: Any) -> object:
        if event.anchor not in self._anchors:
            raise _wrong(event, f"alias '*{event.anchor}' has no anchor before it")
        found = self._anchors[event.anchor]
        if found is _OPEN:
            raise _wrong(event, f"'&{event.anchor}' contains itself")
        return found

    def _list(self, depth: int) -> list[object]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, depth))
        return found

    def _mapping(self, depth: int) -> dict[str, object]:
        table: dict[str, object] = {}
        places: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._key(event, depth)
            if name in places:
                raise ValueError(occurs_twice(name, _place(places[name]), _place(event.start_mark)))
            places[name] = event.start_mark
            table[name] = self._node(next(self._events), depth)
        return table

    def _key(self, event: Any, depth: int) -> str:
        """Return a key as it is written, whatever it would mean as a value: ``8080``, ``on``, ``1.0``."""
        if isinstance(event, yaml.ScalarEvent):
            self._node(event, depth)
            return str(event.value)
        found = self._node(event, depth) if isinstance(event, yaml.AliasEvent) else None
        if not isinstance(found, str):
            raise _wrong(event, "a key must be text")
        return found

    def _take(self, event: Any) -> None:
        self._room -= 1
        if self._room < 0:
            raise _wrong(event, f"more than {self._most:,} values")


def _scalar(event: Any) -> object:
    text: str = event.value
    plain = event.implicit[0] and not event.style
    if event.tag is None or event.tag == "!":
        return (None if text == "" else resolve(text)) if plain and event.tag is None else text
    kind = event.tag.removeprefix(_PREFIX)
    if not event.tag.startswith(_PREFIX) or kind not in _KINDS:
        raise _unknown_tag(event)
    if kind == "str":
        return text
    found = None if text == "" else resolve(text)
    if not isinstance(found, _KINDS[kind]) or (isinstance(found, bool) and kind != "bool"):
        raise _wrong(event, f"the value does not fit its tag '!!{kind}'")
    if kind == "float" and isinstance(found, int):
        return float(text if text.lstrip("+-").isdigit() else found)
    return found


def _unknown_tag(event: Any) -> ValueError:
    tag = str(event.tag)
    shown = "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag
    return _wrong(
        event, f"tag '{shown}' is not known; there are !!str !!int !!float !!bool !!null !!seq !!map"
    )


def _wrong(event: Any, complaint: str) -> ValueError:
    return ValueError(f"{_place(event.start_mark)}: {complaint}")


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"
