"""Search literal text in the keys and values of one agent, whatever the backend."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import KeyNotFound
from sloth_tui.model import Query
from sloth_tui.values.render import bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Entry
    from sloth_tui.store.port import Store

IN_KEYS, IN_VALUES = "keys", "values"
_PAGE = 256
_BEFORE, _AROUND = 24, 160
"""Characters of a line that an excerpt has before the match, and at most altogether."""


class Found(NamedTuple):
    """An entry that contains the text."""

    agent: str
    entry: Entry
    in_key: bool
    in_value: bool
    line: int | None
    """The line of the value with the first match, from 1 on; None if only the key matches."""
    excerpt: str
    """Part of that line around the match, or else the beginning of the value; it may hold characters that act
    on a terminal."""


def search(
    store: Store,
    text: str,
    *,
    prefix: str = "",
    where: tuple[str, ...] = (IN_KEYS, IN_VALUES),
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Found]:
    """Yield the entries under a prefix that contain the text, in key order. Case matters, and no character
    has a meaning. A value is searched as it is stored, which is how ``state get`` prints it. Ends early once
    ``is_over``. Raises DatabaseUnusable."""
    found: dict[str, list[bool]] = {}
    for place, (name, query) in enumerate(
        ((IN_KEYS, Query(prefix=prefix, key=text)), (IN_VALUES, Query(prefix=prefix, value=text)))
    ):
        if name in where:
            for key in _matching(store, query, is_over):
                found.setdefault(key, [False, False])[place] = True
    for key in sorted(found, key=lambda key: key.encode("utf-8", "surrogateescape")):
        if is_over():
            return
        with suppress(KeyNotFound):
            yield _found(store.agent, store.entry(key), text, *found[key])


def _matching(store: Store, query: Query, is_over: Callable[[], bool]) -> Iterator[str]:
    with closing(store.window()) as window:
        window.supersede(1)
        count = 0
        for count, _ in window.index(query, 1):  # noqa: B007 - the last one is the number
            if is_over():
                return
        for first in range(0, count, _PAGE):
            yield from window.keys(first, _PAGE)


def _found(agent: str, entry: Entry, text: str, in_key: bool, in_value: bool) -> Found:
    printed = bare(entry.value)
    shown = printed if isinstance(printed, str) else printed.decode("utf-8", "backslashreplace")
    at = shown.find(text) if in_value else -1
    if at < 0:
        return Found(agent, entry, in_key, in_value, None, shown[:_AROUND].partition("\n")[0])
    begin = shown.rfind("\n", 0, at) + 1
    end = shown.find("\n", at)
    line = shown[begin : len(shown) if end < 0 else end]
    at -= begin
    first = max(0, at - _BEFORE) if at + len(text) > _AROUND else 0
    cut = line[first : first + _AROUND]
    excerpt = ("…" if first else "") + cut + ("…" if first + len(cut) < len(line) else "")
    return Found(agent, entry, in_key, in_value, shown.count("\n", 0, begin) + 1, excerpt)
