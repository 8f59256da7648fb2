"""What ssh says when it does not reach a host, in one line and a hint. Its words are never translated."""

from __future__ import annotations

import errno
import os
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import NOT_EMPTY_HINT, named

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.ssh.remote_shell import ShellLost

_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"
_UNKNOWN = "Host key verification failed."
_DENIED = re.compile(r"(?:(?P<user>[^@\s]+)@[^\s:]+: )?Permission denied \((?P<methods>[^)]*)\)")
_OFFENDING = re.compile(r"Offending (?:\S+ )?key in (?P<place>\S.*:\d+)")
_UNREACHED = re.compile(
    r"(?:ssh: )?(?P<words>.*(?:Could not resolve hostname|No route to host|Network is unreachable"
    r"|Connection refused|timed out|not known).*)"
)
_DROPPED = re.compile("kex_exchange_identification|banner exchange|closed by|reset by|Broken pipe")
_OPEN_KEY = re.compile(r"Permissions \d+ for '(?P<file>.*)' are too open")
_NO_KEY = re.compile(r"no such identity: (?P<file>.*?): ")
_BEHIND_JUMP = "UNKNOWN port 65535"
"""What ssh says of a connection whose other end is a process that ended: a jump host's, or ProxyCommand."""
_MISSING = re.compile(r"directory '(?:\./)?(?P<directory>.*)' does not exist")
_REASONS = frozenset(map(os.strerror, errno.errorcode))
"""The words of the C library, with which the messages of most programs end."""
_LONGEST = 300
"""Characters of foreign words that are repeated."""
SSH_FAILED = 255
"""The exit status by which ssh says that it failed itself."""


class Target(NamedTuple):
    """The host that was to be reached."""

    name: str
    """As the task file calls it."""
    destination: str
    """As ssh is told."""
    user: str


def explain(target: Target, lost: ShellLost, log: str) -> HostError:
    """Say why no shell came up. ``log``: what ssh has written to its log file."""
    errors = _text(lost.errors)
    words = f"{log}\n{errors}"
    if lost.status != SSH_FAILED and not log.strip():
        said = last_line(_text(lost.out)) or last_line(errors)
        return HostError(
            f"the login shell of {target.user} on '{target.name}' runs no commands" + (said and f": {said}"),
            hint=f"see what it does: ssh {target.destination} true",
        )
    if _BEHIND_JUMP in log:
        words = errors if errors.strip() else log
    return _explain_words(target, words)


def _explain_words(target: Target, words: str) -> HostError:
    name, destination, user = target
    if _CHANGED in words:
        offending = _OFFENDING.search(words)
        where = offending["place"] if offending else "known_hosts"
        return HostError(
            f"'{name}' shows another host key than known_hosts has: refused",
            hint=f"if the host was installed anew, remove the old key: {where}",
        )
    if _UNKNOWN in words:
        return HostError(
            f"cannot reach '{name}': its host key is not known",
            hint=f"log in once and accept it: ssh {destination}",
        )
    if denied := _DENIED.search(words):
        return HostError(
            f"'{name}' refused user {denied['user'] or user} ({denied['methods']})",
            hint=_hint_for_denied(words, destination),
        )
    if unreached := _UNREACHED.search(words):
        return HostError(f"cannot reach '{name}': {_shorten(unreached['words'])}")
    if _DROPPED.search(words):
        return HostError(
            f"'{name}' closed the connection before a session was there",
            hint=f"ssh said: {last_line(words)}",
        )
    said = last_line(words)
    return HostError(f"cannot reach '{name}'" + (said and f": {said}"))


def _hint_for_denied(words: str, destination: str) -> str:
    if found := _OPEN_KEY.search(words):
        return f"others may read the private key, so ssh does not use it: chmod 600 {found['file']}"
    if found := _NO_KEY.search(words):
        return f"there is no key {found['file']}"
    return (
        f"see which keys ssh has: ssh-add -l; for a password or a second factor, log in first, with a "
        f"ControlPath: ssh -M {destination}"
    )


def explain_sudo(target: Target, user: str, lost: ShellLost) -> HostError:
    """Say why no shell of another user came up, though one of the login user is there."""
    said = last_line(_text(lost.errors)) or last_line(_text(lost.out))
    return HostError(
        f"no sudo without a password for {target.user} on '{target.name}'" + (said and f": {said}"),
        hint=f"allow it there: {target.user} ALL=({user}) NOPASSWD: ALL",
    )


def connection_lost(name: str, log: str, *, acting: bool) -> HostError:
    """Say that the connection is gone. ``acting``: something was being done."""
    said = last_line(log)
    return HostError(
        f"lost the connection to '{name}'" + (" while it ran: what it did is not known" if acting else ""),
        hint=f"ssh said: {said}" if said else None,
    )


def refused(said: str, about: str | None, name: str) -> HostError:
    """Say what a host has refused, in the words that this machine has for it. ``said``: the last line that
    came from there. ``about``: the path that was acted on."""
    if about is None:
        return HostError(f"'{name}': {said}")
    bare = about.rstrip("/") or "/"
    for own in (about, f"./{about}", bare, f"./{bare}"):
        if said.startswith(f"'{own}'"):
            hint = NOT_EMPTY_HINT if said.endswith("is not empty") else None
            return HostError(named(about, name) + said.removeprefix(f"'{own}'"), hint=hint)
    if missing := _MISSING.fullmatch(said):
        return HostError(f"directory {named(missing['directory'], name)} does not exist")
    beside = posixpath.join(posixpath.dirname(about), ".sloth-")
    if bare in said or beside in said:
        tool, _, reason = said.rpartition(": ")
        said = reason if tool and reason in _REASONS else said
    return HostError(f"{named(about, name)}: {said}")


def last_line(text: str) -> str:
    """Return the last line that says something, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _shorten(lines[-1]) if lines else ""


def _shorten(words: str) -> str:
    words = words.strip()
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "…"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
