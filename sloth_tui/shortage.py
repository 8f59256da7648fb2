"""Tell that a process has run out of open files, memory or processes."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_MAPPED = "failed to map segment"
"""What the loader says of a module for which there is no memory."""
_NO_MODULE = (ImportError, MemoryError, OSError)
"""What a module raises that cannot be found or loaded for lack of memory."""
_LOADER = ("Error 24", "Too many open files")
_STACK_BYTES = 8 * 1024 * 1024
"""The stack of a thread, on most systems."""
_DATABASE_BYTES = 1024 * 1024
"""What an open database maps at least: the index of its log, and room to work."""
_NEEDED = 4
"""Files that an open database needs: itself, its log, the log's index, a journal."""


def describe_shortage(error: BaseException) -> str | None:
    """Return one line that names the exhausted resource and its limit; None if the error has another
    cause."""
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno in (errno.EMFILE, errno.ENFILE):
            return too_many_files(whole_system=each.errno == errno.ENFILE)
        if isinstance(each, ImportError) and any(sign in str(each) for sign in _LOADER):
            return too_many_files()
        if isinstance(each, MemoryError) or (isinstance(each, OSError) and each.errno == errno.ENOMEM):
            return out_of_memory()
        if isinstance(each, ImportError) and _NOT_MAPPED in str(each):
            return out_of_memory()
        if isinstance(each, RuntimeError) and "start new thread" in str(each):
            return too_many_processes() if has_memory(_STACK_BYTES) else out_of_memory()
    return None


def too_many_files(*, whole_system: bool = False) -> str:
    if whole_system:
        return "too many open files in the whole system"
    limit = os.sysconf("SC_OPEN_MAX")  # a module for that could not be opened any more
    return f"too many open files (limit {limit}): raise it with ulimit -n"


def out_of_memory() -> str:
    try:
        import resource
    except _NO_MODULE:
        return "out of memory"
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return "out of memory"
    return f"out of memory (limit {limit // 1024} KiB): raise it with ulimit -v"


def too_many_processes() -> str:
    try:
        import resource
    except _NO_MODULE:
        return "too many processes"

    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit == resource.RLIM_INFINITY:
        return "too many processes"
    return f"too many processes (limit {limit}): raise it with ulimit -u"


def too_large_files() -> str | None:
    """Return one line that names the limit for the size of files; None if this process has none."""
    try:
        import resource
    except _NO_MODULE:
        return None
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    return f"files must not grow beyond {limit // 1024} KiB: raise that limit with ulimit -f"


def is_out_of_files(needed: int = _NEEDED) -> bool:
    """Return True if this process cannot open ``needed`` more files; without it, as many as a database needs.
    SQLite does not report that."""
    opened: list[int] = []
    try:
        for _ in range(needed):
            opened.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))  # noqa: PERF401 - kept if it fails
    except OSError as error:
        return error.errno == errno.EMFILE
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return False


def is_out_of_memory() -> bool:
    """Return True if this process cannot map what a database needs. SQLite does not report that."""
    return not has_memory(_DATABASE_BYTES)


def has_memory(size: int) -> bool:
    """Return True if so many bytes can be mapped, or if that cannot be found out."""
    try:
        import mmap
    except ImportError as error:
        return _NOT_MAPPED not in str(error)
    except (MemoryError, OSError):
        return False
    try:
        mmap.mmap(-1, size).close()
    except (MemoryError, OSError):
        return False
    return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
