"""What can go wrong with a call, and the error that a person sees for it.

A channel raises :class:`Failed`, whatever its encoding, with one of the kinds below. The rules are from
trials against 3.4 and 3.5: the same status can mean several things, so the server's text counts as well."""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable, NotWritable, SlothError

UNREACHABLE = "unreachable"
"""The call was not answered: it may have been done, or not."""
NO_LEADER = "no leader"
"""The member knows of no leader; nothing was done."""
COMPACTED = "compacted"
"""The revision to read at is no longer there."""
FUTURE = "future"
"""The revision to read at is not there yet: the cluster was restored from a backup."""
NO_SPACE = "no space"
NO_LEASE = "no lease"
"""The lease has ended."""
LOGIN = "login"
"""A user is needed, or the password is wrong."""
TOKEN = "token"  # noqa: S105 - a kind of failure
"""The token of the login has run out."""
DENIED = "denied"
TOO_LARGE = "too large"
REFUSED = "refused"
"""Anything else that the server refuses: a defect of this program, or of the server."""

UNSETTLED = frozenset((UNREACHABLE,))
"""After these nobody knows whether a write was done."""
TRY_AGAIN = frozenset((UNREACHABLE, NO_LEADER))
"""These pass by themselves when the server comes back."""


class Failed(Exception):
    """One call failed."""

    def __init__(self, kind: str, text: str, *, sent: bool = True) -> None:
        super().__init__(text)
        self.kind = kind
        self.sent = sent
        """False if the request certainly never left: there was no connection."""
        self.text = text
        """The words of the server or the library."""


_BY_TEXT = (
    ("no leader", NO_LEADER),
    ("leader changed", NO_LEADER),
    ("database space exceeded", NO_SPACE),
    ("requested lease not found", NO_LEASE),
    ("has been compacted", COMPACTED),
    ("future revision", FUTURE),
    ("user name is empty", LOGIN),
    ("authentication failed", LOGIN),
    ("invalid auth token", TOKEN),
    ("revision of auth store is old", TOKEN),
    ("permission denied", DENIED),
    ("request is too large", TOO_LARGE),
    ("larger than max", TOO_LARGE),
    ("too many operations", TOO_LARGE),
)
_SILENCE = ("deadline exceeded", "timed out", "timeout")
_UNSETTLED_CODES = frozenset(
    ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN", "ABORTED")
)


def kind_of(code: str, text: str) -> str:
    """Return the kind of a failure, given the name of gRPC's status code and the text beside it."""
    for words, kind in _BY_TEXT:
        if words in text:
            return kind
    return UNREACHABLE if code in _UNSETTLED_CODES else REFUSED


def error_for(failed: Failed, location: str, *, writing: bool, seconds: float = 0.0) -> SlothError:
    """Return the error to show. ``seconds``: how long the server was tried."""
    kind, text = failed.kind, failed.text
    if kind == NO_LEADER:
        return DatabaseUnusable(
            f"{location}: no leader", hint="most members of the cluster must run and reach each other"
        )
    if kind == NO_SPACE:
        return NotWritable(
            f"{location}: the server's database is full",
            hint="etcdctl compact, defrag and alarm disarm make room; the quota can be raised",
        )
    if kind == LOGIN:
        return DatabaseUnusable(
            f"{location}: {'wrong user or password' if 'failed' in text else 'the server asks for a user'}",
            hint="etcd://USER@HOST/PREFIX, the password in SLOTH_STORE_PASSWORD or [store] password_file",
        )
    if kind == TOKEN:
        return DatabaseUnusable(f"{location}: the server no longer accepts the login", hint="try again")
    if kind == DENIED:
        message = f"{location}: the user may not {'write' if writing else 'read'} under this prefix"
        hint = "etcdctl role grant-permission ROLE readwrite PREFIX/ --prefix"
        return NotWritable(message, hint=hint) if writing else DatabaseUnusable(message, hint=hint)
    if kind == FUTURE:
        return DatabaseUnusable(
            f"{location}: the cluster was restored from a backup", hint="open the store again"
        )
    if kind == UNREACHABLE:
        return unreachable(location, seconds, _plain(text))
    return DatabaseUnusable(f"{location}: {text}", hint="sloth-runner store check")


def unreachable(location: str, seconds: float, cause: str = "", hint: str | None = None) -> DatabaseUnusable:
    """Return the error for a server that did not answer for so many seconds (0: once)."""
    from sloth_tui.text import format_duration

    if hint is not None:
        return DatabaseUnusable(f"{location}: {cause}", hint=hint)
    tried = f" within {format_duration(round(seconds, 1))}" if seconds else ""
    return DatabaseUnusable(
        f"{location}: no answer{tried}{': ' if cause else ''}{cause}", hint="sloth-runner store check"
    )


def _plain(text: str) -> str:
    """Return the words of a library without the history of its attempts; nothing if they say only that time
    is over."""
    _, _, cause = text.rpartition("last error: ")
    cause = cause.rpartition(": ")[2].strip().lower()
    return "" if any(words in cause for words in _SILENCE) else cause
