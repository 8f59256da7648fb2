"""The records in a leaf page of a table, or in a page of an index, as far as each of them can be read."""

from __future__ import annotations

from struct import unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from sloth_tui.store.sqlite.repair.image import Image

    Column: TypeAlias = int | float | bytes | None
    Row: TypeAlias = tuple[Column, ...]

TABLE_LEAF, TABLE_NODE, INDEX_LEAF, INDEX_NODE = 13, 5, 10, 2
_HEADER_BYTES = {TABLE_LEAF: 8, INDEX_LEAF: 8, TABLE_NODE: 12, INDEX_NODE: 12}
_MAX_RECORD_BYTES = 1 << 28
_MAX_COLUMNS = 64
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)


class Text(bytes):
    """A text as it is stored: UTF-8, unless it is damaged. Blobs are plain bytes."""

    __slots__ = ()


class _Unreadable(Exception):
    """A cell that holds no record."""


def rows_of(image: Image, page: bytes, number: int) -> Iterator[tuple[int, Row]]:
    """Yield (rowid, columns) for each readable cell of a leaf page of a table; a page of an unknown kind is
    read as one."""
    for place in _pointers(page, number, TABLE_LEAF):
        try:
            size, at = _varint(page, place)
            rowid, at = _varint(page, at)
            yield _signed(rowid), _record(_payload(image, page, at, size, index=False))
        except (_Unreadable, IndexError, ValueError):
            continue


def index_rows_of(image: Image, page: bytes, number: int) -> Iterator[Row]:
    """Yield the columns of each readable cell of a page of an index; the last one is the rowid."""
    kind = _kind(page, number)
    for place in _pointers(page, number, kind):
        try:
            size, at = _varint(page, place + (4 if kind == INDEX_NODE else 0))
            yield _record(_payload(image, page, at, size, index=True))
        except (_Unreadable, IndexError, ValueError):
            continue


def children_of(page: bytes, number: int) -> Iterator[int]:
    """Yield the numbers of the pages below an inner page of a table or of an index."""
    start = _start(number)
    for at in _pointers(page, number, TABLE_NODE):
        yield int.from_bytes(page[at : at + 4], "big")
    yield int.from_bytes(page[start + 8 : start + 12], "big")


def kind_of(page: bytes, number: int) -> int:
    """Return the kind of a page, one of the constants; another number if it has none."""
    return _kind(page, number)


def _start(number: int) -> int:
    return 100 if number == 1 else 0  # the header of the database comes first


def _kind(page: bytes, number: int) -> int:
    start = _start(number)
    return page[start] if len(page) > start else 0


def _pointers(page: bytes, number: int, kind: int) -> Iterator[int]:
    start = _start(number)
    first = start + _HEADER_BYTES[kind]
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    last = min(first + 2 * cells, len(page) - 1)
    for at in range(first, last, 2):
        place = page[at] << 8 | page[at + 1]
        if first <= place < len(page):
            yield place


def _payload(image: Image, page: bytes, at: int, size: int, *, index: bool) -> bytes:
    usable = image.usable
    if not 1 < size <= _MAX_RECORD_BYTES:
        raise _Unreadable
    most = (usable - 12) * 64 // 255 - 23 if index else usable - 35
    if size <= most:
        found = page[at : at + size]
    else:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        found = page[at : at + local] + _overflow(
            image, int.from_bytes(page[at + local : at + local + 4], "big"), size - local
        )
    if len(found) != size:
        raise _Unreadable
    return found


def _overflow(image: Image, number: int, size: int) -> bytes:
    found, seen, room = list[bytes](), set[int](), image.usable - 4
    while size > 0:
        page = image.page(number)
        if number in seen or len(page) < 4:
            raise _Unreadable
        seen.add(number)
        found.append(page[4 : 4 + min(size, room)])
        size -= room
        number = int.from_bytes(page[:4], "big")
    return b"".join(found)


def _record(payload: bytes) -> Row:
    end, at = _varint(payload, 0)
    if not 1 < end <= len(payload):
        raise _Unreadable
    kinds = list[int]()
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != end or len(kinds) > _MAX_COLUMNS:
        raise _Unreadable
    columns: list[Column] = []
    for kind in kinds:
        column, at = _column(payload, at, kind)
        columns.append(column)
    if at != len(payload):
        raise _Unreadable
    return tuple(columns)


def _column(payload: bytes, at: int, kind: int) -> tuple[Column, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        if end > len(payload):
            raise _Unreadable
        return (Text(payload[at:end]) if kind & 1 else payload[at:end]), end
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    size = 8 if kind == 7 else _INTEGER_BYTES[kind] if kind < 7 else 0
    if not size or at + size > len(payload):
        raise _Unreadable
    if kind == 7:
        return float(unpack_from(">d", payload, at)[0]), at + size
    return int.from_bytes(payload[at : at + size], "big", signed=True), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = byte & 0x7F
    for step in range(1, 9):
        byte = data[at + step]
        if step == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    raise _Unreadable


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
