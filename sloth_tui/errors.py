"""Every error this program can report, with the exit code each one ends in.

::

    SlothError                 1  something failed that no other class names
    |-- UsageError             2  the request itself is wrong
    |   |-- InvalidKey         2  empty, too long, with NUL or not UTF-8
    |   |-- InvalidValue       2  not a value a store can hold, or too large
    |   |-- InvalidAgentName   2  not a name an agent may have
    |   |-- InvalidConfig      2  config.toml cannot be used
    |   `-- TaskFileError      2  a Lua file that cannot be loaded or planned
    |-- NotFound               3  what was asked for does not exist
    |   |-- KeyNotFound        3
    |   |-- AgentNotFound      3
    |   |-- LockNotFound       3
    |   |-- RevisionNotFound   3
    |   |-- HistoryPruned      3  history does not go back that far
    |   `-- RunNotFound        3  no such run is kept
    |-- LockHeld               4  held by another holder, or the wait timed out
    |-- WaitTimedOut           4  the awaited event did not happen in time
    |-- Conflict               5  compare-and-set failed, or it exists already
    |   `-- NotANumber         5  increment of a value that is not a number, or overflow
    |-- LockLost               6  not held (any more) under that holder or token
    |-- DatabaseUnusable       7  no answer, foreign, newer, damaged, no key, or busy too long
    |   |-- DatabaseDamaged    7  its file holds what no program writes: damaged, or no database
    |   `-- PassphraseNeeded   7  a passphrase protects the key of an encrypted database
    |-- ImportFileUnusable     7  truncated, edited, damaged, or in no known format
    |-- NotWritable            8  read-only, or the disk is full
    |-- Refused                9  needs a confirmation it did not get
    |-- HostError            20  a host of a task cannot be reached, or refuses what it was asked for
    |   `-- FileChanged      20  a file is no longer the one that its new content was computed from
    |-- TaskFailed            20  a task of a run failed
    |-- TaskTimeout          124  a task or run took longer than it may
    `-- Interrupted          130  stopped by a signal (130 SIGINT, 143 SIGTERM)

An error is shown as one line, ``error: <message>``, followed by ``hint: <hint>`` where there
is one. Messages carry data as it is; callers that print them pass them through
:func:`sloth_tui.text.display_text`.
"""

from __future__ import annotations


class ExitCode:
    """Exit codes of the command line. Plain integers: importing ``enum`` costs 4 ms a start."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_FOUND = 3
    LOCK_HELD = 4
    CONFLICT = 5
    LOCK_LOST = 6
    DATABASE_UNUSABLE = 7
    NOT_WRITABLE = 8
    REFUSED = 9
    WOULD_CHANGE = 10
    """Of ``run --check``, ``drift`` and ``runs attach`` only."""
    TASK_FAILED = 20
    TASK_TIMEOUT = 124
    INTERRUPTED = 130
    TERMINATED = 143


class SlothError(Exception):
    """Base of all errors that a user sees as one line."""

    exit_code: int = ExitCode.FAILURE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SlothError):
    """The request itself is wrong."""

    exit_code = ExitCode.USAGE


class InvalidKey(UsageError):
    """A key must be non-empty UTF-8 text of at most 4 KiB without NUL."""


class InvalidValue(UsageError):
    """A value must be text, a finite number, a boolean, a JSON table or bytes, at most 64 MiB."""


class InvalidAgentName(UsageError):
    """An agent name is 1-64 of ``A-Z a-z 0-9 . _ -`` and starts with a letter or digit."""


class InvalidConfig(UsageError):
    """The configuration file cannot be read, or holds an unknown setting or an invalid value."""


class TaskFileError(UsageError):
    """A task file is missing, has a syntax error, or its tasks cannot be put in order."""

    def __init__(self, message: str, *, hint: str | None = None, trace: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.trace = trace
        """The Lua traceback, where the file failed while it was loaded."""


class NotFound(SlothError):
    """What was asked for does not exist."""

    exit_code = ExitCode.NOT_FOUND


class KeyNotFound(NotFound):
    """No entry has this key."""


class AgentNotFound(NotFound):
    """There is no store for this agent."""


class LockNotFound(NotFound):
    """No lock of this name is held."""


class RevisionNotFound(NotFound):
    """No such revision or change set."""


class HistoryPruned(NotFound):
    """History no longer holds what was asked for, or never did; nothing was changed."""


class RunNotFound(NotFound):
    """No run of this id is kept."""


class LockHeld(SlothError):
    """The lock is held, or stayed held for as long as the caller was willing to wait."""

    exit_code = ExitCode.LOCK_HELD

    def __init__(
        self, message: str, *, name: str, holder: str, remaining: float, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.name = name
        self.holder = holder
        self.remaining = remaining
        """Seconds left of the holder's lease when the attempt ended."""


class WaitTimedOut(SlothError):
    """The awaited event did not happen in time."""

    exit_code = ExitCode.LOCK_HELD


class Conflict(SlothError):
    """The entry is not what the caller expected; nothing was written."""

    exit_code = ExitCode.CONFLICT


class NotANumber(Conflict):
    """The value to increment is not a number, or the sum exceeds 64 bits; nothing was written."""


class LockLost(SlothError):
    """A lock is not held under the caller's holder or token; nothing was written."""

    exit_code = ExitCode.LOCK_LOST

    def __init__(self, message: str, *, name: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name


class DatabaseUnusable(SlothError):
    """The store cannot be used: foreign, newer, damaged, a symlink, busy too long, or without an answer."""

    exit_code = ExitCode.DATABASE_UNUSABLE


class DatabaseDamaged(DatabaseUnusable):
    """The file holds what no program writes: it is damaged, or no database at all."""


class PassphraseNeeded(DatabaseUnusable):
    """A passphrase protects the key; the front end may ask for it and try again."""

    def __init__(self, message: str, *, key_file: str, key_id: str | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key_file = key_file
        """Path of the file with the protected key."""
        self.key_id = key_id
        """Id of the key; None if there is none yet, and a new passphrase is to protect a new key."""


class ImportFileUnusable(SlothError):
    """A file to import is truncated, edited, damaged or in no known format; nothing was changed."""

    exit_code = ExitCode.DATABASE_UNUSABLE


class NotWritable(SlothError):
    """The store is read-only, or the disk is full; nothing was written."""

    exit_code = ExitCode.NOT_WRITABLE


class Refused(SlothError):
    """A destructive request was not confirmed; nothing was changed."""

    exit_code = ExitCode.REFUSED


class HostError(SlothError):
    """A host of a task cannot be reached, or refuses what it was asked for."""

    exit_code = ExitCode.TASK_FAILED


class FileChanged(HostError):
    """A file is no longer the one that its new content was computed from."""


class TaskFailed(SlothError):
    """A task of a run failed."""

    exit_code = ExitCode.TASK_FAILED


class TaskTimeout(SlothError):
    """A task, or a run, took longer than it may."""

    exit_code = ExitCode.TASK_TIMEOUT


class Interrupted(SlothError):
    """A signal ended the work. ``exit_code`` is 128 plus the signal's number."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "interrupted", *, signal_number: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
