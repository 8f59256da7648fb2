"""The file that an export is written to: complete or not there, and readable only by its owner."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from sloth_tui.durable import flush_name
from sloth_tui.errors import Conflict, NotWritable, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PART = ".part"


class Destination:
    """A ``with`` block around :meth:`write`. The file gets its name at the end of the block, if that raises
    nothing; until then it has another name beside it. A name that ends in ``.gz`` makes it compressed."""

    def __init__(self, path: str, *, force: bool) -> None:
        """``force`` replaces a file that exists. Raises Conflict if there is one, UsageError."""
        self.path = os.path.realpath(path) if os.path.islink(path) else os.path.abspath(path)
        self._shown = path
        self._force = force
        self._partial: str | None = None
        if not os.path.basename(path):
            raise UsageError(f"{path}: not the name of a file")
        found = _mode(self.path)
        if found is not None and stat.S_ISDIR(found):
            raise UsageError(f"{path}: a directory", hint="name a file in it")
        self._in_place = found is not None and not stat.S_ISREG(found)
        """True for a device or a pipe, which is written to as it is."""
        if found is not None and not force and not self._in_place:
            raise self._exists()

    def __enter__(self) -> Self:
        try:
            self._file = os.fdopen(self._descriptor(), "wb")
        except OSError as error:
            raise self._failed(error) from error
        self._compressed = None
        if self.path.endswith(".gz"):
            import gzip

            # Without name and time: equal state makes equal files.
            self._compressed = gzip.GzipFile(
                filename="", mode="wb", fileobj=self._file, compresslevel=6, mtime=0
            )
        return self

    def write(self, data: bytes) -> None:
        """Raises NotWritable."""
        try:
            (self._compressed or self._file).write(data)
        except OSError as error:
            raise self._failed(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        except OSError as failure:
            raise self._failed(failure) from failure
        finally:
            with suppress(OSError):
                self._file.close()
            if self._partial is not None:
                with suppress(OSError):
                    os.unlink(self._partial)

    def _finish(self) -> None:
        if self._compressed is not None:
            self._compressed.close()
        self._file.flush()
        if self._partial is None:
            return
        os.fsync(self._file.fileno())
        if self._force:
            os.replace(self._partial, self.path)
            self._partial = None
        else:
            try:
                os.link(self._partial, self.path)  # never replaces a file
            except FileExistsError:
                raise self._exists() from None
            except OSError:
                # A file system without hard links.
                if os.path.lexists(self.path):
                    raise self._exists() from None
                os.rename(self._partial, self.path)
                self._partial = None
        flush_name(self.path)

    def _descriptor(self) -> int:
        if self._in_place:
            return os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        directory, name = os.path.split(self.path)
        _remove_left_over(directory, name)
        self._partial = os.path.join(directory, f".{name}.{os.getpid()}{_PART}")
        return os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _exists(self) -> Conflict:
        return Conflict(
            f"{self._shown}: exists already", hint="nothing was written; --force replaces the file"
        )

    def _failed(self, error: OSError) -> NotWritable:
        return NotWritable(f"{self._shown}: cannot be written: {error.strerror or error}")


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except OSError:
        return None


def _remove_left_over(directory: str, name: str) -> None:
    """Remove what exports to the same name left that were killed."""
    try:
        found = os.listdir(directory)
    except OSError:
        return
    for one in found:
        if one.startswith(f".{name}.") and one.endswith(_PART):
            number = one[len(name) + 2 : -len(_PART)]
            if number.isdecimal() and not _runs(int(number)):
                with suppress(OSError):
                    os.unlink(os.path.join(directory, one))


def _runs(pid: int) -> bool:
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
