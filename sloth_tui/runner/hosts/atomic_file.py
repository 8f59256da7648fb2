"""Putting a file in its place: at once or not at all, and not at all if it is there already."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sloth_tui.documents.reading import open_regular
from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    import io

_CHUNK = 1 << 20


class Attributes(NamedTuple):
    """What is asked for beside the content; None means: as it is, or as is usual."""

    mode: int | None = None
    uid: int | None = None
    gid: int | None = None

    def differ_from(self, status: os.stat_result) -> bool:
        """Whether a file with this status is not as asked for."""
        asked = (
            (self.mode, stat.S_IMODE(status.st_mode)),
            (self.uid, status.st_uid),
            (self.gid, status.st_gid),
        )
        return any(wanted is not None and wanted != found for wanted, found in asked)


class Content(Protocol):
    """What a file is to hold."""

    def same_as(self, path: str) -> bool:
        """Whether the regular file at ``path`` holds it."""

    def write_to(self, file: io.BufferedWriter) -> str:
        """Returns the SHA-256 of what was written, in hex."""

    def checksum(self) -> str:
        """SHA-256, in hex."""


class Text:
    """Content at hand."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def same_as(self, path: str) -> bool:
        with open(path, "rb") as file:
            return file.read(len(self._data) + 1) == self._data

    def write_to(self, file: io.BufferedWriter) -> str:
        file.write(self._data)
        return self.checksum()

    def checksum(self) -> str:
        return hashlib.sha256(self._data).hexdigest()


class Original:
    """The content of another file, of any size."""

    def __init__(self, path: str) -> None:
        """Raises UsageError, OSError."""
        self.path = path
        with open_regular(path) as file:
            self.status = os.fstat(file.fileno())

    def same_as(self, path: str) -> bool:
        return os.stat(path).st_size == self.status.st_size and checksum_of(path) == self.checksum()

    def write_to(self, file: io.BufferedWriter) -> str:
        digest = hashlib.sha256()
        with open_regular(self.path) as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def checksum(self) -> str:
        return checksum_of(self.path)


def place(path: str, content: Content, wanted: Attributes) -> tuple[bool, str]:
    """Make the file hold the content, with these attributes; whether it did not, and the checksum.

    A symbolic link stays one; what it points to is replaced. Raises UsageError, OSError.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise UsageError(f"'{path}' is a directory")
    current = os.stat(target) if os.path.exists(target) else None
    if current is not None and not stat.S_ISREG(current.st_mode):
        # Whoever writes to /dev/null does not mean to put a file in the place of the device.
        raise UsageError(f"'{path}' is no regular file")
    if current is not None and not wanted.differ_from(current) and content.same_as(target):
        return False, content.checksum()
    try:
        return True, _replace(target, content, wanted, current)
    except OSError as error:
        # What cannot be written has no name in such an error, or that of the file beside it.
        about = error.filename if isinstance(content, Original) and content.path == error.filename else path
        raise OSError(error.errno, error.strerror, about) from error


def checksum_of(path: str) -> str:
    """SHA-256, in hex."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(path: str, content: Content, wanted: Attributes, current: os.stat_result | None) -> str:
    directory, name = os.path.split(path)
    if not os.path.isdir(directory):
        raise UsageError(f"directory '{directory}' does not exist")
    temporary = os.path.join(directory, f".{name[:200]}.{os.urandom(6).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            checksum = content.write_to(file)
            file.flush()
            _dress(file.fileno(), wanted, current)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_directory(directory)
    return checksum


def _dress(descriptor: int, wanted: Attributes, current: os.stat_result | None) -> None:
    """Attributes as wanted, else as the file had them, else as a new file would."""
    mode, uid, gid = wanted
    if current is not None:
        uid = current.st_uid if uid is None else uid
        gid = current.st_gid if gid is None else gid
        mode = stat.S_IMODE(current.st_mode) if mode is None else mode
    mine = os.fstat(descriptor)
    if (uid not in (None, mine.st_uid)) or (gid not in (None, mine.st_gid)):
        os.fchown(descriptor, -1 if uid is None else uid, -1 if gid is None else gid)
    os.fchmod(descriptor, 0o666 & ~_umask() if mode is None else mode)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(path: str) -> None:
    """So that the new name survives a power cut as well."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
