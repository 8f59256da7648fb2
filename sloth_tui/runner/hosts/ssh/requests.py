"""Requests to a resident shell, and scripts of channels, as text: see ``remote_shell.sh``."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sloth_tui.runner.hosts.host import Attributes, Command

LARGEST_REQUEST = 64 * 1024
"""Bytes of content that travel in a request; more takes a way of its own."""
OTHER_FILE = 91
"""The exit status of ``replace`` if the file is not the expected one."""
NOT_VALID = 92
"""The exit status of ``replace`` if the command that validates failed."""
_OCTAL_LINE = 256
"""Bytes that are one line of octal numbers."""
_LAST_LINE = (
    b"last_line() {",
    b"last=",
    b'while IFS= read -r line || [ -n "$line" ]; do [ -z "$line" ] || last=$line; done',
    b"printf '%.1000s' \"$last\"",
    b"}",
)
"""A function that prints the last line of its input that is not empty."""
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


def quote(data: bytes) -> bytes:
    """Return data as one word for a shell."""
    return b"'" + data.replace(b"'", b"'\\''") + b"'"


def call(function: str, *arguments: bytes) -> bytes:
    """Return the call of a function of ``remote_shell.sh``."""
    return b" ".join([function.encode(), *map(quote, arguments)])


def octal(wanted: Attributes) -> tuple[bytes, bytes, bytes]:
    """Return mode, owner and group as arguments; empty: not wanted.

    The mode has five digits: with four, chmod leaves the set-group-ID bit of directories.
    """
    mode, uid, gid = wanted
    return (
        b"" if mode is None else b"%05o" % mode,
        b"" if uid is None else b"%d" % uid,
        b"" if gid is None else b"%d" % gid,
    )


def heredoc(line: bytes, data: bytes, nonce: str, *, octal_numbers: bool = False) -> bytes:
    """Return a command line that gets data, decoded by ``decode``, as its input. Ends with a line feed.

    ``octal_numbers``: the other host has nothing that decodes base64.
    """
    encoded = _in_octal(data) if octal_numbers else base64.encodebytes(data)
    return b"%b <<'%b'\n%b%b\n" % (line, nonce.encode(), encoded, nonce.encode())


def _in_octal(data: bytes) -> bytes:
    """Return lines that printf(1) writes as data."""
    lines = (data[start : start + _OCTAL_LINE] for start in range(0, len(data), _OCTAL_LINE))
    return b"".join(b"".join(b"\\%03o" % byte for byte in line) + b"\n" for line in lines)


# Scripts


class Markers(NamedTuple):
    """What a script prints on both outputs before the first and after the last byte of its command."""

    begin: bytes
    end: bytes
    """Followed by the exit code, a space, the words of :func:`script`, and a line feed."""


def markers(nonce: str, number: int) -> Markers:
    mark = f"\x1e{nonce}.{number}".encode()  # no text has this byte, so no text is held back for it
    return Markers(mark + b".begin\n", mark + b".end ")


def script_path(nonce: str, number: int) -> bytes:
    """Return where the script of a channel is: in the private directory of ``remote_shell.sh``."""
    return b"/tmp/.sloth-%b/%d" % (nonce.encode(), number)  # nobody can guess the nonce


def _ending_path(nonce: str) -> bytes:
    """Return what is there once the resident shell has begun to end everything."""
    return script_path(nonce, 0).rpartition(b"/")[0] + b"/ending"


class Surroundings(NamedTuple):
    """What every script of a host begins with."""

    nonce: str
    run: str
    """The id of the run; empty outside of one."""
    program: str
    """The shell that runs commands and guards."""
    cwd: bytes
    env: Mapping[str, str]


def script(command: Command, number: int, around: Surroundings) -> bytes:
    """Return the script of a channel: it says when it begins and how it ended, and checks the guards itself.

    Its last words are ``ran``, or the guard that stopped it: ``creates``, ``removes``, ``unless``,
    ``onlyif``; ``unless-fails`` or ``onlyif-fails``, and what it said last, if a guard could not be run;
    ``cwd`` if there is no such directory. Raises ValueError for a variable that a shell cannot set.
    """
    private = script_path(around.nonce, number)
    begin, end = markers(around.nonce, number)
    program = around.program.encode()
    lines = [
        b"trap : HUP INT QUIT TERM",  # the command gets the signals; this reports how it ended
        b'echo "$$" 2>/dev/null >%b.p || exit 0' % private,
        b"verdict() {",
        b"[ ! -d /proc/self ] || : >%b.p" % private,
        b'printf \'%b%%s %%s\\n\' "$1" "$2"' % end,
        b'printf \'%b%%s %%s\\n\' "$1" "$2" >&2' % end,
        b"exit 0",
        b"}",
        b"[ ! -e %b.k ] && [ ! -e %b ] || exit 0" % (private, _ending_path(around.nonce)),
        b"printf %b" % quote(begin),
        b"printf %b >&2" % quote(begin),
        *_surroundings(command, around, str(number)),
        *_guards(command, program),
        # Shells tell of a command that a signal ended, on what is their own stderr at that moment.
        b"exec 3>&2 2>/dev/null",
        b"( exec 2>&3 3>&-; exec %b -c %b%b )"
        % (program, quote(command.text), b" </dev/null" if command.stdin is None else b""),
        b"code=$?",
        b"exec 2>&3 3>&-",
        b'verdict "$code" ran',
    ]
    return b"\n".join(lines) + b"\n"


def guards_only(command: Command, around: Surroundings) -> bytes:
    """Return the request that prints a code and a word of :func:`script`: ``0 ran`` if no guard stops it."""
    lines = [
        b"(",
        b'verdict() { printf \'%s %s\' "$1" "$2"; exit 0; }',
        *_surroundings(command, around, "guard"),
        *_guards(command, around.program.encode()),
        b"verdict 0 ran",
        b")",
    ]
    return b"\n".join(lines)


def enter(cwd: bytes, otherwise: bytes = b"exit 1") -> bytes:
    """Return the line that goes where the resident shell is."""
    if not cwd:
        return b"cd . 2>/dev/null || cd /\n"
    return b"cd -- %b 2>/dev/null || %b\n" % (quote(cwd), otherwise)


def _surroundings(command: Command, around: Surroundings, mark: str) -> Iterable[bytes]:
    yield enter(around.cwd, b"verdict 0 cwd").rstrip()
    if command.cwd:
        yield b"cd -- %b 2>/dev/null || verdict 0 cwd" % quote(os.fsencode(command.cwd))
    if around.run:
        yield b"export SLOTH_RUNNER_RUN=%b" % quote(around.run.encode())
    yield b"export SLOTH_RUNNER_SHELL=%b" % quote(f"{around.nonce}.{mark}.".encode())
    yield from exports({**around.env, **command.env})


def exports(env: Mapping[str, str]) -> Iterable[bytes]:
    """Return the lines that set an environment. Raises ValueError for a name that no shell can set."""
    for name, value in env.items():
        if not _NAME.fullmatch(os.fsencode(name)):
            raise ValueError(name)
        yield b"export %b=%b" % (os.fsencode(name), quote(os.fsencode(value)))


def _guards(command: Command, program: bytes) -> Iterable[bytes]:
    if command.unless is not None or command.onlyif is not None:
        yield from _LAST_LINE
    there = [b"[ -e %b ]" % quote(path_argument(path)) for path in command.creates]
    if there:
        yield b"if %b; then verdict 0 creates; fi" % b" && ".join(there)
    there = [b"[ -e %b ]" % quote(path_argument(path)) for path in command.removes]
    if there:
        yield b"if ! { %b; }; then verdict 0 removes; fi" % b" || ".join(there)
    for name, text, stops in ((b"unless", command.unless, b"0"), (b"onlyif", command.onlyif, b"[!0]*")):
        if text is not None:
            yield b"%b -c %b </dev/null >/dev/null 2>&1" % (program, quote(text))
            # One that cannot be run is asked again for what it says: it only reads, and to listen each time
            # could be to wait for what it leaves in the background.
            yield b"case $? in 126 | 127) code=$?"
            yield b"said=$(%b -c %b </dev/null 2>&1 >/dev/null | last_line)" % (program, quote(text))
            yield b'verdict "$code" "%b-fails $said" ;;' % name
            yield b"%b) verdict 0 %b ;;" % (stops, name)
            yield b"esac"


def path_argument(path: str) -> bytes:
    """Return a path that no program takes for an option. Raises UsageError."""
    name = os.fsencode(path)
    if b"\0" in name or not name:
        raise UsageError("a path must not be empty, nor contain NUL")
    if name.endswith(b"\n"):
        raise UsageError(f"{path!r}: a path must not end with a line feed")
    return name if name.startswith(b"/") else b"./" + name


def skipped(command: Command, word: str) -> str | None:
    """Return the guard in words, as :class:`~.host.CommandEnd` says it; None if the command ran."""
    if word == "creates":
        return "creates " + ", ".join(command.creates)
    if word == "removes":
        return "removes " + ", ".join(command.removes)
    if word in ("unless", "onlyif"):
        text = (command.unless if word == "unless" else command.onlyif) or b""
        return f"{word} {one_line(text)}"
    return None


def one_line(text: bytes) -> str:
    """Return a command on one line, for messages."""
    return " ".join(text.decode("utf-8", "backslashreplace").split())
