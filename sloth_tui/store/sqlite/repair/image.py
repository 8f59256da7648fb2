"""The pages of a database as its file and its write-ahead log have them, whatever the header says."""

from __future__ import annotations

import os
from contextlib import ExitStack

import apsw

from sloth_tui.store.sqlite.repair.log import committed_frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_SIZES = (4096, 8192, 16384, 32768, 65536, 2048, 1024, 512)
"""Page sizes, in the order in which they are tried: the usual one first."""
_FRACTIONS, _FRACTIONS_ALWAYS = slice(21, 24), b"\x40\x20\x20"
"""Bytes of the header that are the same in every database."""
_KINDS = (2, 5, 10, 13)
_TRIED_BYTES = 1024 * 1024
_NEARLY_ALL = 0.9
_MAX_RESERVED = 64
"""Bytes at the end of each page that some extension may use."""
_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW


class Image:
    """Page numbers begin at 1. Reads through SQLite's own file layer, which keeps the POSIX locks that this
    process holds on the file. A page that cannot be read is empty."""

    def __init__(self, path: str) -> None:
        with ExitStack() as opened:
            self._file = apsw.VFSFile("", path, [_FLAGS | apsw.SQLITE_OPEN_MAIN_DB, 0])
            opened.callback(self._file.xClose)
            self._log: apsw.VFSFile | None = None
            if os.path.lexists(path + "-wal"):
                self._log = apsw.VFSFile("", path + "-wal", [_FLAGS | apsw.SQLITE_OPEN_WAL, 0])
                opened.callback(self._log.xClose)
            self._size = self._file.xFileSize()
            self._frames: dict[int, int] = {}
            self.page_size = self.usable = 0
            self._find_sizes()
            self._closing = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def count(self) -> int:
        """The number of pages, the last of which may be cut."""
        return max(-(-self._size // self.page_size), max(self._frames, default=0))

    @property
    def header(self) -> bytes:
        """The header of the database; empty if it is lost."""
        found = self.page(1)[:_HEADER_BYTES]
        return found if found.startswith(_MAGIC) else b""

    @property
    def frames(self) -> int:
        """The number of pages that were taken from the log."""
        return len(self._frames)

    def page(self, number: int) -> bytes:
        """Return the content of a page; shorter than a page, or empty, if the file ends before."""
        at = self._frames.get(number)
        if at is not None and self._log is not None:
            return _read(self._log, self.page_size, at)
        start = (number - 1) * self.page_size
        return _read(self._file, min(self.page_size, self._size - start), start) if number > 0 else b""

    def _find_sizes(self) -> None:
        header = _read(self._file, min(_HEADER_BYTES, self._size), 0)
        logged, frames = (0, {}) if self._log is None else committed_frames(self._log)
        sound = header.startswith(_MAGIC) or header[_FRACTIONS] == _FRACTIONS_ALWAYS
        stated = int.from_bytes(header[16:18], "big") if sound else 0
        stated = 65536 if stated == 1 else stated
        self.page_size = logged or (stated if stated in _SIZES else self._guess_size())
        self._frames = frames
        first = self.page(1)
        reserved = first[20] if first.startswith(_MAGIC) else 0
        self.usable = self.page_size - (reserved if reserved <= _MAX_RESERVED else 0)

    def _guess_size(self) -> int:
        """Return the largest page size with which nearly all that looks like the beginning of a page is one:
        a larger size passes half of them by."""
        found = {size: self._count_heads(size) for size in _SIZES}
        most = max(found.values())
        if not most:
            return _SIZES[0]
        return max(size for size, count in found.items() if count >= _NEARLY_ALL * most)

    def _count_heads(self, size: int) -> int:
        starts = range(size, min(self._size, _TRIED_BYTES), size)
        return sum(_is_head(_read(self._file, min(8, self._size - start), start), size) for start in starts)


def _is_head(head: bytes, size: int) -> bool:
    if len(head) < 8 or head[0] not in _KINDS:
        return False
    cells, content = int.from_bytes(head[3:5], "big"), int.from_bytes(head[5:7], "big") or 65536
    return 8 + 2 * cells <= content <= size and int.from_bytes(head[1:3], "big") < size


def _read(file: apsw.VFSFile, amount: int, at: int) -> bytes:
    if amount <= 0:
        return b""
    try:
        return file.xRead(amount, at)
    except apsw.Error:
        return b""
