"""Parse what the functions of ``remote_files.sh`` print."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LOOP, OTHER, Found

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED = re.compile(
    rb"(?P<kind>[-a-zA-Z])(?P<mode>[-rwxsStT]{9})\S* +\d+ +(?P<uid>\d+) +(?P<gid>\d+) +"
    rb"(?:\d+, *\d+|(?P<size>\d+)) +\S+ +\S+ +\S+ (?P<name>.*)",
    re.DOTALL,
)
"""A line of ``ls -ldn``, see ls(1) of POSIX."""
_FIELDS = 7
"""Fields of each path."""


def parse_looked(answer: bytes, count: int) -> list[Found]:
    """Parse what ``look`` printed for so many paths. Raises ValueError."""
    *fields, tail = answer.split(b"\0", _FIELDS * count)
    listed, _, sums = tail.partition(b"\0")
    status = {found["name"]: found for found in _lines_of_ls(listed)}
    digests = dict(_checksums(sums))
    result = []
    for number in range(count):
        kind, parent, is_link, link, path, own, digest = fields[_FIELDS * number : _FIELDS * (number + 1)]
        found = _LISTED.match(own) if own else status.get(path)
        digest = digest.lstrip(b"\\")[:64] if digest else digests.get(path, b"")
        result.append(
            _found(path, kind.decode(), bool(parent), link if is_link else None, found, digest.decode())
        )
    return result


def parse_contents(answer: bytes, count: int, nonce: str) -> list[Found]:
    """Parse what ``look_into`` printed. Raises ValueError."""
    *fields, contents = answer.split(b"\0", _FIELDS * count)
    ahead = contents.removeprefix(b"\0").split(b"\n%b content\n" % nonce.encode())
    result = []
    for number in range(count):
        kind, parent, is_link, link, path, own, _ = fields[_FIELDS * number : _FIELDS * (number + 1)]
        found = _found(path, kind.decode(), bool(parent), link if is_link else None, _LISTED.match(own), "")
        if kind == b"file":
            content = ahead.pop(0)
            found = found._replace(
                content=content, sha256=hashlib.sha256(content).hexdigest(), size=len(content)
            )
        result.append(found)
    return result


def parse_root(answer: bytes) -> tuple[Found, bytes]:
    """Parse what ``look_at_tree`` printed: what is at the path, and what ``list_tree`` told. Raises
    ValueError."""
    *looked, rest = answer.split(b"\0", _FIELDS + 1)
    return parse_looked(b"\0".join(looked), 1)[0], rest


def parse_tree(answer: bytes, directory: str) -> tuple[list[tuple[str, Found]], list[str]]:
    """Parse what ``list_tree`` printed: what is known of entries, and the names that have to be looked at.

    Raises ValueError.
    """
    names, rest = b"", answer.removeprefix(b"\0")
    if rest == answer:
        names, _, rest = answer.partition(b"\0\0")
    listed, sums, links, looked = rest.split(b"\0", 3)
    status = {found["name"]: found for found in _lines_of_ls(listed)}
    digests = dict(_checksums(sums))
    followed = dict(zip(links.split(), parse_looked(looked, len(links.split())), strict=True))
    known, unknown = [], []
    for name in names.split(b"\0") if names else []:
        found = status.get(name)
        relative = os.fsdecode(name.removeprefix(b"./"))
        if name in followed:
            known.append((relative, followed[name]))
            continue
        plain = _is_plain(name) and (name in digests or found is None or found["kind"] != b"-")
        if found is None or found["kind"] == b"l" or not plain:
            unknown.append(relative)
            continue
        kind = {b"-": FILE, b"d": DIRECTORY}.get(found["kind"], OTHER)
        path = os.path.join(os.fsencode(directory), name.removeprefix(b"./"))
        known.append((relative, _found(path, kind, True, None, found, digests.get(name, b"").decode())))
    return known, unknown


def _is_plain(name: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in name) and b"\\" not in name and b" -> " not in name


def _lines_of_ls(text: bytes) -> Iterable[re.Match[bytes]]:
    return filter(None, map(_LISTED.fullmatch, text.split(b"\n")))


def _checksums(text: bytes) -> Iterable[tuple[bytes, bytes]]:
    for line in text.split(b"\n"):
        digest, _, name = line.partition(b" ")
        yield name[1:] if name[:1] in (b" ", b"*") else name, digest


def _found(
    path: bytes, kind: str, parent: bool, link: bytes | None, listed: re.Match[bytes] | None, digest: str
) -> Found:
    """Raises ValueError if a file has no checksum that is one."""
    name, text = os.fsdecode(path), None if link is None else os.fsdecode(link)
    if kind in (ABSENT, LOOP) or listed is None:
        return Found(name, LOOP if kind == LOOP else ABSENT, link=text, parent=parent)
    if digest and not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"'{digest}' is no SHA-256")
    return Found(
        name,
        kind,
        _mode(listed["mode"]),
        int(listed["uid"]),
        int(listed["gid"]),
        int(listed["size"] or 0) if kind != OTHER else 0,
        digest or None,
        text,
        parent,
    )


_BITS = (
    (stat.S_IRUSR, stat.S_IWUSR, stat.S_IXUSR, stat.S_ISUID),
    (stat.S_IRGRP, stat.S_IWGRP, stat.S_IXGRP, stat.S_ISGID),
    (stat.S_IROTH, stat.S_IWOTH, stat.S_IXOTH, stat.S_ISVTX),
)


def _mode(text: bytes) -> int:
    """Return the number of ``rwxr-sr-t``."""
    mode = 0
    for (read, write, execute, special), three in zip(_BITS, (text[:3], text[3:6], text[6:]), strict=True):
        mode |= read * (three[:1] == b"r") | write * (three[1:2] == b"w")
        mode |= execute * (three[2:] in (b"x", b"s", b"t")) | special * (three[2:].lower() in (b"s", b"t"))
    return mode
