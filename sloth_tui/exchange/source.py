"""The bytes of a file to import: from a file, a pipe or standard input, plain or compressed by gzip.

A file is read more than once and at the speed of a disk, because a store may wait for its end. What is no
regular file is therefore copied to a temporary one first.
"""

from __future__ import annotations

import os
import stat
import sys
import zlib
from typing import cast

from sloth_tui.errors import ImportFileUnusable, UsageError
from sloth_tui.exchange.faults import MAX_DOCUMENT, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, BinaryIO

STANDARD = "-"
GZIP = b"\x1f\x8b"
_CHUNK = 1 << 18
_MAX_LINE = 512 * 1024 * 1024
"""Bytes. The largest value is 64 MiB, and JSON may write six characters for one."""


class Source:
    """A file to import. ``name`` is for messages."""

    def __init__(self, path: str) -> None:
        """Raises UsageError if there is no such file, or it cannot be read."""
        self.name = "standard input" if path == STANDARD else path
        self.path: str | None = None
        """The path of a regular file; None for what was copied."""
        self._file = self._opened(path)
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes of the file as it is, compressed or not."""
        self.cut = False
        """True once the last line was read, if it has no end."""
        self.compressed = self._file.read(2) == GZIP

    def close(self) -> None:
        self._file.close()

    def position(self) -> int:
        """Return how many bytes of the file were read."""
        return self._file.tell()

    def beginning(self, count: int) -> bytes:
        """Return the first bytes of the content."""
        stream = self.stream()
        with self.damages():
            return stream.read(count)

    def stream(self) -> BinaryIO:
        """Return the content from its beginning. A later call ends the use of an earlier stream."""
        self._file.seek(0)
        if not self.compressed:
            return self._file
        import gzip

        return cast("BinaryIO", gzip.GzipFile(fileobj=self._file, mode="rb"))

    def whole(self) -> bytes:
        """Return all of the content. Raises ImportFileUnusable if it is too large for that."""
        with self.damages():
            data = self.stream().read(MAX_DOCUMENT + 1)
        if len(data) > MAX_DOCUMENT:
            raise fault(self.name, "larger than 256 MiB, which only jsonl and csv may be")
        return data

    def line_batches(self) -> Iterator[list[bytes]]:
        """Yield the lines, without their ends, some thousands at once. Raises ImportFileUnusable."""
        stream = self.stream()
        self.cut = False
        rest: list[bytes] = []
        length = 0
        while True:
            with self.damages():
                chunk = stream.read(_CHUNK)
            if not chunk:
                break
            if b"\n" not in chunk:
                rest.append(chunk)
                length += len(chunk)
                if length > _MAX_LINE:
                    raise fault(self.name, "a line of more than 512 MiB")
                continue
            lines = b"".join((*rest, chunk)).split(b"\n")
            rest, length = [lines[-1]], len(lines.pop())
            yield lines
        last = b"".join(rest)
        if last:
            self.cut = True
            yield [last]

    def damages(self) -> _Damages:
        return _Damages(self.name)

    def _opened(self, path: str) -> BinaryIO:
        if path == STANDARD:
            if sys.stdin is None:
                raise UsageError("cannot read standard input: it is closed")
            return _spooled(sys.stdin.buffer)
        try:
            file = open(path, "rb")  # noqa: SIM115  # closed by close()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}", hint="nothing was changed") from error
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode):
            self.path = path
            return file
        if stat.S_ISDIR(mode):
            file.close()
            raise UsageError(f"{path}: a directory", hint="name the file to import")
        with file:
            return _spooled(file)


class _Damages:
    """A ``with`` block that reads: says in words what is wrong with a compressed file or a disk."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, EOFError):
            raise fault(self._name, "truncated: the compressed data ends too early") from error
        if isinstance(error, zlib.error) or type(error).__name__ == "BadGzipFile":
            raise fault(self._name, "the compressed data is damaged") from error
        if isinstance(error, OSError):
            raise ImportFileUnusable(f"{self._name}: {error.strerror}", hint="nothing was changed") from error


def _spooled(stream: BinaryIO | IO[bytes]) -> BinaryIO:
    """Return a copy that has no name on the disk, and that only this process can read."""
    import shutil
    import tempfile

    copy = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
    try:
        shutil.copyfileobj(stream, copy, _CHUNK)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy
