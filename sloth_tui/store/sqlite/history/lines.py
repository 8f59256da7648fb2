"""Entries as lines of JSON, built by SQLite: several times as fast as row by row in Python.

A page has no lines if one of its entries is unusual: a large value, one that does not fit its type, a time in
another form, text that is not UTF-8. Then its entries come as they are.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from sloth_tui.store.parts import EntryLines
from sloth_tui.store.sqlite.schema.history_triggers import is_secret
from sloth_tui.store.sqlite.sql.keys import KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from typing import Any, TypeAlias

    Execute: TypeAlias = "Callable[..., Iterable[Any]]"

_PAGE = 256
_AHEAD = 4
"""Pages that threads may be ahead of who reads them."""
_MAX_SIZE = 4096
"""Bytes of a value. All values of a page are in memory at once."""


def _time(column: str) -> str:
    """Return SQL for a time in JSON; NULL for one in another form than ours or SQLite's."""
    told = f"json_quote(replace({column}, ' ', 'T') || '{{}}')"
    return f"CASE length({column}) WHEN 23 THEN {told.format('Z')} WHEN 19 THEN {told.format('.000Z')} END"


_VALUE = """CASE WHEN type IS NULL THEN json_quote(value)
    WHEN type = 'integer' THEN iif(CAST(CAST(value AS INTEGER) AS TEXT) = value, value, NULL)
    WHEN type = 'boolean' THEN iif(value IN ('true', 'false'), value, NULL)
    WHEN type = 'float' THEN iif(json_valid(value) AND json_type(value) = 'real'
        AND abs(CAST(value AS REAL)) < 1.7e308, value, NULL)
    WHEN type = 'table' THEN iif(json_valid(value) AND json_type(value) IN ('object', 'array')
        AND NOT instr(value, char(10)) AND NOT instr(value, char(13)), value, NULL) END"""
_LINE = f"""CASE WHEN typeof(value) = 'text' AND octet_length(value) <= {_MAX_SIZE} THEN
    '{{{{"key":' || json_quote(key) || ',"value":' || {_VALUE} || ',"type":"' || coalesce(type, 'string')
    || '","created_at":' || {_time("created_at")} || ',"updated_at":' || {_time("updated_at")}
    || ',"revision":' || coalesce(revision, 'null') || ',"size":' || octet_length(value)
    || {{secret}} || '}}}}' END"""
_SECRET = f"iif({is_secret('state.key')}, ',\"secret\":true', '')"
_SELECT = f"""SELECT CAST(group_concat(line, char(10)) || char(10) AS BLOB), count(*), count(line),
    sum(secret) FROM (SELECT {_LINE} AS line, {{is_secret}} AS secret FROM state
        WHERE {{between}} ORDER BY key)"""
_LAST = f"SELECT CAST(key AS BLOB) FROM state WHERE {{}} ORDER BY key LIMIT 1 OFFSET {_PAGE - 1}"
_AFTER, _UPTO = f"key > {KEY} AND ", f"key <= {KEY} AND "
_ANY = "SELECT EXISTS (SELECT 1 FROM state WHERE {})"
_HAS_LIVES = "SELECT EXISTS (SELECT 1 FROM sloth_ttl)"
"""Lines do not tell how long an entry has to live."""
_HAS_SECRETS = "SELECT EXISTS (SELECT 1 FROM sloth_secrets) OR EXISTS (SELECT 1 FROM sloth_secret_patterns)"


def pages(
    execute: Execute, where: str, bindings: tuple[bytes, ...], helpers: Sequence[Execute] = ()
) -> Generator[EntryLines | Between, None, None]:
    """Yield the entries under a condition in key order: lines, or the keys between which there are none.

    ``helpers`` run statements on other connections with the same snapshot, each on a thread of its own.
    """
    if next(iter(execute(_HAS_LIVES)))[0]:
        yield Between(where, bindings)
        return
    ranges = _ranges(execute, where, bindings)
    build = _Builder(secrets=bool(next(iter(execute(_HAS_SECRETS)))[0]))
    if not helpers:
        for page in ranges:
            yield build(execute, page)
        return
    with ExitStack() as running:
        pools = [running.enter_context(_Thread()) for _ in helpers]
        asked: deque[Future[EntryLines | Between]] = deque()
        for number, page in enumerate(ranges):
            which = number % len(pools)
            asked.append(pools[which].submit(build, helpers[which], page))
            if len(asked) >= _AHEAD:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()


class _Thread(ThreadPoolExecutor):
    """One thread, which drops at the end what it has not begun."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="export")

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=True, cancel_futures=True)


class _Builder:
    """Builds the lines of a page."""

    __slots__ = ("_is_secret", "_secret")

    def __init__(self, *, secrets: bool) -> None:
        self._secret, self._is_secret = (_SECRET, is_secret("state.key")) if secrets else ("''", "0")

    def __call__(self, execute: Execute, page: Between) -> EntryLines | Between:
        statement = _SELECT.format(between=page.where, secret=self._secret, is_secret=self._is_secret)
        data, count, usual, secrets = next(iter(execute(statement, page.bindings)))
        return EntryLines(data, count, secrets) if usual == count and _is_utf8(data) else page


def _ranges(execute: Execute, where: str, bindings: tuple[bytes, ...]) -> Iterator[Between]:
    """Yield the keys of each page. They come from the index alone, which is fast."""
    lower = ""
    low: tuple[bytes, ...] = ()
    while True:
        found = next(iter(execute(_LAST.format(lower + where), (*low, *bindings))), None)
        if found is None:
            rest = lower + where, (*low, *bindings)
            if next(iter(execute(_ANY.format(rest[0]), rest[1])))[0]:
                yield Between(*rest)
            return
        yield Between(lower + _UPTO + where, (*low, found[0], *bindings))
        lower, low = _AFTER, (found[0],)


class Between:
    """A condition on keys, and its bindings."""

    __slots__ = ("bindings", "where")

    def __init__(self, where: str, bindings: tuple[bytes, ...]) -> None:
        self.where = where
        self.bindings = bindings


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
