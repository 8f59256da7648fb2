"""The host's side of Lua's ``file``: atomic writes, nothing written that is there already."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import UsageError
from sloth_tui.runner.modules.convert import answering, text_from_lua
from sloth_tui.text import format_size

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

    from sloth_tui.runner.modules.context import Context

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that tasks may read, write or copy."""


class FileModule:
    """Acts on files of this machine."""

    def __init__(self, context: Context, room: Callable[[int], bool]) -> None:
        self._context = context
        self._room = room

    def functions(self) -> dict[str, Callable[..., object]]:
        functions: dict[str, Callable[..., object]] = {
            "copy": self._copy,
            "write": self._write,
            "read": self._read,
            "exists": self._exists,
            "remove": self._remove,
            "checksum": self._checksum,
        }
        return {name: answering(_explaining(function)) for name, function in functions.items()}

    def _copy(
        self, src: object, dest: object, mode: object, owner: object, group: object, delegate_to: object
    ) -> object:
        self._may_act(delegate_to)
        source = self._context.find_source(_path(src))
        target = _path(dest)
        if target.endswith("/") or os.path.isdir(target):
            target = os.path.join(target, os.path.basename(source))
        content = _content(source)
        wanted = _Attributes(mode, owner, group)
        if wanted.mode is None and not os.path.exists(target):
            wanted.mode = stat.S_IMODE(os.stat(source).st_mode) & 0o777
        return True, put_file(target, content, wanted), _sha256(content)

    def _write(
        self, path: object, content: object, mode: object, owner: object, group: object, delegate_to: object
    ) -> object:
        self._may_act(delegate_to)
        data = cast("bytes", content)
        return True, put_file(_path(path), data, _Attributes(mode, owner, group)), _sha256(data)

    def _read(self, path: object, delegate_to: object) -> object:
        self._context.check_target(delegate_to)
        content = _content(_path(path))
        if not self._room(len(content)):
            raise MemoryError
        return True, content

    def _exists(self, path: object, delegate_to: object) -> object:
        self._context.check_target(delegate_to)
        return True, os.path.lexists(_path(path))

    def _remove(self, path: object, delegate_to: object) -> object:
        """Whether it was there. A directory is refused."""
        self._may_act(delegate_to)
        try:
            os.unlink(_path(path))
        except FileNotFoundError:
            return True, False
        return True, True

    def _checksum(self, path: object, delegate_to: object) -> object:
        """Nil if there is no such file."""
        self._context.check_target(delegate_to)
        name = _path(path)
        if not os.path.exists(name):
            return True, None
        import hashlib

        with _open_regular(name) as file:
            return True, hashlib.file_digest(file, "sha256").hexdigest().encode()

    def _may_act(self, delegate_to: object) -> None:
        self._context.check_acting()
        self._context.check_target(delegate_to)


class _Attributes:
    """Mode and ownership asked for; None means: as it is, or as is usual."""

    def __init__(self, mode: object, owner: object, group: object) -> None:
        self.mode = None if mode is None else _mode(text_from_lua(mode, "mode"))
        self.uid = -1 if owner is None else _uid(text_from_lua(owner, "owner"))
        self.gid = -1 if group is None else _gid(text_from_lua(group, "group"))

    def differ_from(self, status: os.stat_result) -> bool:
        return (
            (self.mode is not None and self.mode != stat.S_IMODE(status.st_mode))
            or (self.uid not in (-1, status.st_uid))
            or (self.gid not in (-1, status.st_gid))
        )


def put_file(path: str, content: bytes, wanted: _Attributes) -> bool:
    """Make the file have this content and these attributes, at once or not at all; whether it had not.

    A symbolic link stays one; what it points to is replaced. Raises UsageError, OSError.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise UsageError(f"'{path}' is a directory")
    if len(content) > LARGEST:
        raise UsageError(f"content has {format_size(len(content))}, more than {format_size(LARGEST)}")
    current = os.stat(target) if os.path.exists(target) else None
    if current is not None and not wanted.differ_from(current) and _has(target, content, current):
        return False
    _replace(target, content, wanted, current)
    return True


def _has(path: str, content: bytes, status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size != len(content):
        return False
    with open(path, "rb") as file:
        return file.read(len(content) + 1) == content


def _replace(path: str, content: bytes, wanted: _Attributes, current: os.stat_result | None) -> None:
    directory, name = os.path.split(path)
    if not os.path.isdir(directory):
        raise UsageError(f"directory '{directory}' does not exist")
    temporary = os.path.join(directory, f".{name[:200]}.{os.urandom(6).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _dress(file.fileno(), wanted, current)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_directory(directory)


def _dress(descriptor: int, wanted: _Attributes, current: os.stat_result | None) -> None:
    """Attributes as wanted, else as the file had them, else as a new file would."""
    uid, gid, mode = wanted.uid, wanted.gid, wanted.mode
    if current is not None:
        uid = current.st_uid if uid == -1 else uid
        gid = current.st_gid if gid == -1 else gid
        mode = stat.S_IMODE(current.st_mode) if mode is None else mode
    mine = os.fstat(descriptor)
    if (uid not in (-1, mine.st_uid)) or (gid not in (-1, mine.st_gid)):
        os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, 0o666 & ~_umask() if mode is None else mode)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(path: str) -> None:
    """So that the new name survives a power cut as well."""
    descriptor = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _content(path: str) -> bytes:
    with _open_regular(path) as file:
        content: bytes = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"'{path}' is larger than {format_size(LARGEST)}")
    return content


def _open_regular(path: str) -> io.BufferedReader:
    """A file to read. Not blocking: a named pipe without a writer would hold the task up for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(f"'{path}' is {'a directory' if os.path.isdir(path) else 'no regular file'}")
    return open(descriptor, "rb")


def _explaining(function: Callable[..., object]) -> Callable[..., object]:
    """Operating system errors in one line."""

    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except OSError as error:
            raise UsageError(f"'{error.filename or arguments[0]!s}': {error.strerror}") from error

    return call


def _path(data: object) -> str:
    name = os.fsdecode(cast("bytes", data))
    if "\0" in name:
        raise UsageError("a path must not contain NUL")
    return name


def _mode(text: str) -> int:
    if not (3 <= len(text) <= 5 and set(text) <= set("01234567")):
        raise UsageError(f"mode must be octal digits such as '0644', got '{text}'")
    return int(text, 8) & 0o7777


def _uid(name: str) -> int:
    import pwd

    try:
        return int(name) if name.isascii() and name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise UsageError(f"owner '{name}' is no user of this machine") from None


def _gid(name: str) -> int:
    import grp

    try:
        return int(name) if name.isascii() and name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise UsageError(f"group '{name}' is no group of this machine") from None


def _sha256(content: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(content).hexdigest().encode()
