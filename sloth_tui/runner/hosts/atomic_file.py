"""Write files atomically, and only if their content or attributes differ."""

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
    """Wanted attributes of a file. None: leave it as it is, or take the default for a new file."""

    mode: int | None = None
    uid: int | None = None
    gid: int | None = None

    def differ_from(self, status: os.stat_result) -> bool:
        """True if a file with this status does not have the wanted attributes."""
        asked = (
            (self.mode, stat.S_IMODE(status.st_mode)),
            (self.uid, status.st_uid),
            (self.gid, status.st_gid),
        )
        return any(wanted is not None and wanted != found for wanted, found in asked)


class Content(Protocol):
    """The wanted content of a file."""

    def same_as(self, path: str) -> bool:
        """True if the regular file at ``path`` has this content."""

    def write_to(self, file: io.BufferedWriter) -> str:
        """Write it, and return its SHA-256 in hex."""

    def checksum(self) -> str:
        """Return its SHA-256 in hex."""


class Text:
    """Content that is in memory."""

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
    """Give the file this content and these attributes. Return whether it changed, and the SHA-256 in hex.

    A symbolic link stays one; its target is replaced. Raises UsageError, OSError.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise UsageError(f"'{path}' is a directory")
    current = os.stat(target) if os.path.exists(target) else None
    if current is not None and not stat.S_ISREG(current.st_mode):
        # A task that writes to /dev/null does not want to replace the device by a file.
        raise UsageError(f"'{path}' is not a regular file")
    if current is not None and not wanted.differ_from(current) and content.same_as(target):
        return False, content.checksum()
    try:
        return True, _replace(target, content, wanted, current)
    except OSError as error:
        # Such an error names no file, or the temporary one.
        about = error.filename if isinstance(content, Original) and content.path == error.filename else path
        raise OSError(error.errno, error.strerror, about) from error


def checksum_of(path: str) -> str:
    """Return the SHA-256 of a regular file in hex. Raises UsageError, OSError."""
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
    """Set the wanted attributes; for each that is None, that of the current file, else that of a new file."""
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
    """Make the new name survive a power cut as well."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
