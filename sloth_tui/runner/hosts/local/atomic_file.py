"""Replace a file atomically: what is read under its name is the old content or the new one, never a part."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.durable import flush_directory
from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner.hosts.contents import checksum_of
from sloth_tui.runner.hosts.host import AT_ONCE, BACKUP_STAMP

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from sloth_tui.runner.hosts.host import Attributes, Content, Replacement

_CHUNK = 1 << 20
_MOST_BACKUPS_A_SECOND = 1000


def replace_file(
    path: str,
    content: Content,
    wanted: Attributes,
    how: Replacement = AT_ONCE,
    validate: Callable[[Replacement, str], None] | None = None,
) -> str | None:
    """Replace a regular file that is no link, or create it. Return the path of the backup, if any.

    ``validate(how, path)`` is called with the temporary file, if ``how.validate`` is a command. Attributes
    that are None are those of the replaced file, else of a new one. Raises FileChanged if the file is not the
    expected one, HostError, OSError.
    """
    current = _status(path)
    if current is not None and not stat.S_ISREG(current.st_mode):
        kind = "a directory" if stat.S_ISDIR(current.st_mode) else "not a regular file"
        raise HostError(f"'{path}' is {kind}")
    directory = os.path.dirname(path)
    if not os.path.isdir(directory or "."):
        raise HostError(f"directory '{directory}' does not exist")
    temporary = temporary_name(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            _write(content, file)
            file.flush()
            _dress(file.fileno(), wanted, current)
            os.fsync(file.fileno())
        if how.validate is not None and validate is not None:
            validate(how, temporary)
        _check_expected(path, how.expected)
        backup = _keep(path) if how.backup and current is not None else None
        _rename(temporary, path, backup)
    except BaseException:
        os.unlink(temporary)
        raise
    flush_directory(directory)
    return backup


def temporary_name(path: str) -> str:
    """Return a new name in the same directory."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{os.fsdecode(os.fsencode(name)[:200])}.{os.urandom(6).hex()}")


def set_attributes(path: str, wanted: Attributes) -> None:
    """Change the attributes of a file or directory in place. Raises OSError."""
    status = os.stat(path)
    moved = wanted.uid not in (None, status.st_uid) or wanted.gid not in (None, status.st_gid)
    if moved:
        os.chown(path, -1 if wanted.uid is None else wanted.uid, -1 if wanted.gid is None else wanted.gid)
    if moved or wanted.mode is not None:
        # The kernel has taken the set-user-id and set-group-id bits of a file that was given away.
        os.chmod(path, stat.S_IMODE(status.st_mode) if wanted.mode is None else wanted.mode)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write(content: Content, file: BinaryIO) -> None:
    """Write the content. Raises HostError if it is no longer what its checksum says."""
    digest = hashlib.sha256()
    with content.open() as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != content.sha256:
        about = getattr(content, "path", "the content")
        raise HostError(f"'{about}' was changed while it was copied", hint="nothing was replaced")


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


def _check_expected(path: str, expected: str | None) -> None:
    if expected is None:
        return
    try:
        found = checksum_of(path)
    except FileNotFoundError:
        found = ""
    if found != expected:
        raise FileChanged(f"'{path}' was changed by somebody else meanwhile")


def _keep(path: str) -> str:
    """Give the file a second name with the date, and return it."""
    stamp = time.strftime(BACKUP_STAMP)
    for number in range(_MOST_BACKUPS_A_SECOND):
        backup = f"{path}{stamp}{f'-{number}' if number else ''}~"
        try:
            os.link(path, backup)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV):
                raise
            # A file system without hard links, a file of somebody else, or one that is mounted by itself.
            import shutil

            shutil.copy2(path, backup)
            with suppress(PermissionError):
                shutil.chown(backup, os.stat(path).st_uid, os.stat(path).st_gid)
        return backup
    raise HostError(f"'{path}' has too many backups of this second")


def _rename(temporary: str, path: str, backup: str | None) -> None:
    try:
        os.replace(temporary, path)
    except OSError as error:
        if backup is not None:
            os.unlink(backup)
        if error.errno == errno.EBUSY:
            raise HostError(f"'{path}' is a mount point, and cannot be replaced") from error
        raise
