"""The frames of a write-ahead log that were committed: valid by their checksums, up to the last commit."""

from __future__ import annotations

import sys
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MAGIC = 0x377F0682
_MASK = 0xFFFFFFFF
_WORD = next(code for code in "IL" if array(code).itemsize == 4)


def committed_frames(log: apsw.VFSFile) -> tuple[int, dict[int, int]]:
    """Return the page size, and for each page its place in the log as last committed; (0, {}) for a log
    whose header is damaged."""
    header = _read(log, _HEADER_BYTES, 0)
    magic, page_size = int.from_bytes(header[:4], "big"), int.from_bytes(header[8:12], "big")
    if len(header) < _HEADER_BYTES or magic & ~1 != _MAGIC or not _is_page_size(page_size):
        return 0, {}
    order = "big" if magic & 1 else "little"
    sums = _summed(header[:24], order, (0, 0))
    if sums != _stored(header[24:]):
        return 0, {}
    salt, committed, pending = header[16:24], dict[int, int](), dict[int, int]()
    at, pages = _HEADER_BYTES, 0
    while True:
        head = _read(log, _FRAME_HEADER_BYTES, at)
        data = _read(log, page_size, at + _FRAME_HEADER_BYTES)
        if len(head) < _FRAME_HEADER_BYTES or len(data) < page_size or head[8:16] != salt:
            break
        sums = _summed(data, order, _summed(head[:8], order, sums))
        if sums != _stored(head[16:]):
            break
        pending[int.from_bytes(head[:4], "big")] = at + _FRAME_HEADER_BYTES
        size = int.from_bytes(head[4:8], "big")
        if size:  # the last frame of a commit; the database then has so many pages
            committed.update(pending)
            pending.clear()
            pages = size
        at += _FRAME_HEADER_BYTES + page_size
    return page_size, {page: place for page, place in committed.items() if page <= pages}


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65536 and size & (size - 1) == 0


def _stored(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")


def _summed(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    words = array(_WORD, data)
    if order != sys.byteorder:
        words.byteswap()
    first, second = sums
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return first, second


def _read(file: apsw.VFSFile, amount: int, at: int) -> bytes:
    amount = min(amount, file.xFileSize() - at)
    return file.xRead(amount, at) if amount > 0 else b""
