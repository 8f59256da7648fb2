"""Tell the format of a file by its content."""

from __future__ import annotations

import json
import re

from sloth_tui.errors import UsageError
from sloth_tui.exchange.faults import fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.exchange.source import Source

FORMATS = ("jsonl", "json", "yaml", "consul", "etcd", "database", "env", "csv")
"""What ``--format`` takes."""
DATABASE = b"SQLite format 3\0"
_LOOK = 64 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_ENV = re.compile(r"(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=")
_YAML = re.compile(r"---|%YAML|(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s#\"'{\[][^\n]*?)[ \t]*:(?:[ \t\r]|$)|\{")
_CSV = re.compile(
    r"\"?key\"?,(?:\"?\w+\"?,)*\"?value\"?(?:,|\r?$)|\"?value\"?,(?:\"?\w+\"?,)*\"?key\"?(?:,|\r?$)"
)


def sniffed(source: Source) -> str:
    """Return one of FORMATS. Raises ImportFileUnusable for a file in none of them."""
    data = source.beginning(_LOOK)
    if data.startswith(DATABASE):
        return "database"
    refuse_utf16(source.name, data)
    text = data.decode("utf-8-sig", "replace").lstrip()
    if not text:
        raise fault(source.name, "empty", hint="nothing was changed; to delete all keys: state clear")
    if text.startswith("["):
        return "consul"
    if text.startswith("{"):
        return _of_object(text)
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if _CSV.match(line):
            return "csv"
        if _ENV.match(line.lstrip()):
            return "env"
        if _YAML.match(line):
            return "yaml"
        break
    raise fault(
        source.name,
        "in no format that is known: neither JSON, YAML, .env, CSV nor a database",
        hint="--format names one of " + ", ".join(FORMATS),
    )


def refuse_utf16(name: str, data: bytes) -> None:
    """Raise ImportFileUnusable for text in UTF-16 or UTF-32, which Windows programs write."""
    if data.startswith(_UTF16) or (data[:2].count(0) == 1 and data[:4].count(0) in (2, 3)):
        raise fault(name, "its text is UTF-16 or UTF-32", hint="convert it: iconv -f UTF-16 -t UTF-8")


def known(form: str | None) -> str | None:
    """Return the format. Raises UsageError for one that there is not."""
    if form is not None and form not in FORMATS:
        raise UsageError(f"there is no format '{form}'", hint="formats: " + ", ".join(FORMATS))
    return form


def _of_object(text: str) -> str:
    """Return the format of a file that begins with an object."""
    line = text.partition("\n")[0]
    if re.match(r'\{\s*"sloth"\s*:\s*"state"', line):
        return "jsonl"
    header = re.match(r'\{\s*"header"\s*:\s*\{[^{}]*"(?:cluster_id|member_id|raft_term)"', text)
    if header is not None:
        return "etcd"
    try:
        first = json.loads(line)
    except ValueError:
        return "json"
    if not isinstance(first, dict):
        return "json"
    if {"key", "value"} <= first.keys():
        more = text.partition("\n")[2].lstrip().startswith("{")
        return "jsonl" if more or {"type", "revision"} <= first.keys() else "json"
    # A trailer alone is what is left of an export.
    return "jsonl" if first.get("end") is True else "json"
