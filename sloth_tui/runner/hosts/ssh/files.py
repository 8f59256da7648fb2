"""Send files to a host that ssh reaches, and put them in place there: verified, and at once."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner import link
from sloth_tui.runner.hosts.host import AT_ONCE, BACKUP_STAMP
from sloth_tui.runner.hosts.ssh import requests
from sloth_tui.runner.hosts.ssh.answers import parse_looked
from sloth_tui.runner.hosts.ssh.connection import read_log
from sloth_tui.runner.hosts.ssh.contents import read_back
from sloth_tui.runner.hosts.ssh.errors import last_line
from sloth_tui.runner.hosts.ssh.requests import call, octal, quote
from sloth_tui.runner.limits import original_limits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from sloth_tui.runner.hosts.host import Attributes, Content, Replacement
    from sloth_tui.runner.hosts.ssh.session import SshSession

_READ_BYTES = 1 << 20


def put_file(
    session: SshSession, path: str, content: Content, wanted: Attributes, how: Replacement
) -> str | None:
    """Replace a file. Return the path of the backup, if any. Raises FileChanged, HostError, OSError."""
    target = requests.path_argument(path)
    temporary = session.temporary(target)
    stamp = time.strftime(BACKUP_STAMP).encode()
    compares = session.has("checksums")
    replace = call(
        "replace",
        target,
        temporary,
        content.sha256.encode() if compares else b"",
        _expected(how) if compares or not how.expected else b"any",
        *octal(wanted),
        target + stamp if how.backup else b"",
        b"" if how.validate is None else session.command(how.validate, quote(temporary)),
    )
    receive = call("receive", temporary)
    if compares and content.size <= requests.LARGEST_REQUEST:
        answer = session.ask(session.heredoc(b"{ %b && %b; }" % (receive, replace), _read(content)))
    else:
        if content.size <= requests.LARGEST_REQUEST:
            session.ask_for_success(session.heredoc(receive, _read(content)), about=path)
        else:
            session.ask_for_success(call("begin_temporary", temporary), about=path)
            with content.open() as file:
                _send(session, file, b"exec cat >%b\n" % quote(temporary))
        if not compares:
            _compare(session, path, temporary, content, how)
        answer = session.ask(replace)
    if answer.status == requests.OTHER_FILE:
        raise _changed_meanwhile(session, path)
    if answer.status == requests.NOT_VALID:
        output, _, code = answer.text.decode("utf-8", "backslashreplace").rpartition("\0exit ")
        said = "" if how.secret else last_line(output)
        raise HostError(
            f"validate '{how.validate}' ended with exit code {code} on '{session.name}'"
            + (said and f": {said}"),
            hint="nothing was replaced",
        )
    if answer.status != 0:
        raise session.refusal(answer, path)
    return _kept(answer.text)


def _changed_meanwhile(session: SshSession, path: str) -> FileChanged:
    return FileChanged(f"'{path}' on '{session.name}' was changed by somebody else meanwhile")


def _read(content: Content) -> bytes:
    with content.open() as file:
        return file.read()


def _compare(session: SshSession, path: str, temporary: bytes, content: Content, how: Replacement) -> None:
    """Read back what arrived, and what is to be replaced, because no program there makes a checksum.

    Raises HostError, FileChanged.
    """
    try:
        [arrived] = read_back(session, [path], [temporary])
        if arrived.sha256 != content.sha256:
            raise HostError(f"'{path}' on '{session.name}': what arrived is not what was sent")
        if how.expected:
            [there] = read_back(session, [path], [requests.path_argument(path)])
            if there.sha256 != how.expected:
                raise _changed_meanwhile(session, path)
    except HostError:
        session.ask(call("discard", temporary))
        raise


def _expected(how: Replacement) -> bytes:
    if how.expected is None:
        return b"any"
    return how.expected.encode() or b"absent"


def _kept(text: bytes) -> str | None:
    """Return the path after the last ``kept``, if the shell kept a file."""
    _, found, path = text.rpartition(b"\0kept ")
    return os.fsdecode(path) if found else None


def _send(session: SshSession, file: IO[bytes], script: bytes) -> None:
    """Send what a file holds to a script there. Whether all of it has come is for the caller to check."""
    channel = session.open_raw_channel(script)
    link.announce_command()
    try:
        with original_limits():
            process = subprocess.Popen(
                channel.arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
        link.send(link.STARTED, process.pid)
        assert process.stdin is not None
        with suppress(BrokenPipeError), process:
            while data := file.read(_READ_BYTES):
                process.stdin.write(data)
    finally:
        link.send(link.ENDED)
    if process.returncode != 0 and not session.is_alive():
        session.give_up(read_log(channel.log), acting=True)


def put_files(session: SshSession, directory: str, files: Sequence[tuple[str, Content, Attributes]]) -> None:
    """Replace files below a directory, all of them in one archive. Raises HostError, OSError."""
    if not files:
        return
    if not (session.has("tar") and session.has("checksums")):
        _put_one_by_one(session, directory, files)
        return
    target = requests.path_argument(directory).rstrip(b"/")
    unpacked = session.temporary(target + b"/")
    acts = [
        call("place", b"%b/%d" % (unpacked, number), b"%b/%b" % (target, os.fsencode(name)), *octal(wanted))
        for number, (name, _, wanted) in enumerate(files)
    ]
    sums = "\n".join(content.sha256 for _, content, _ in files).encode()
    verify = call("verify", unpacked, sums, *(b"%d" % number for number in range(len(files))))
    put = b"{ %b; end_unpacked %b $?; }" % (b" &&\n".join([verify, *acts]), quote(unpacked))
    with tempfile.TemporaryFile() as archive:
        size = _write_archive(archive, [content for _, content, _ in files])
        if size <= requests.LARGEST_REQUEST:
            begin = b"%b && unpack %b" % (call("begin_unpacked", unpacked), quote(unpacked))
            answer = session.ask(session.heredoc(b"{ %b &&\n%b; }" % (begin, put), archive.read()))
        else:
            session.ask_for_success(call("begin_unpacked", unpacked), about=directory)
            _send(session, archive, b"cd -- %b && exec tar -xof -\n" % quote(unpacked))
            answer = session.ask(put)
    if answer.status != 0:
        raise session.refusal(answer, directory)


def _put_one_by_one(
    session: SshSession, directory: str, files: Sequence[tuple[str, Content, Attributes]]
) -> None:
    names = [requests.path_argument(os.path.join(directory, name)) for name, _, _ in files]
    answer = session.ask_for_success(call("look", b"", *names), acting=False)
    looked = session.parsed(lambda: parse_looked(answer, len(names)))
    for found, (_, content, wanted) in zip(looked, files, strict=True):
        put_file(session, found.path, content, wanted, AT_ONCE)


def _write_archive(archive: IO[bytes], contents: Sequence[Content]) -> int:
    """Write contents by the names of their numbers, and return the size of the archive in bytes."""
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for number, content in enumerate(contents):
            entry = tarfile.TarInfo(str(number))
            entry.size, entry.mode = content.size, 0o600
            with content.open() as file:
                tar.addfile(entry, file)
    size = archive.tell()
    archive.seek(0)
    return size
