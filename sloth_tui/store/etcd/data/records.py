"""What stands in the values of our keys: a line of fields, then bytes. ``etcdctl get`` shows it readably.

Every reader raises DatabaseUnusable for what this program did not write.
"""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.values.codec import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.origin import Origin
    from sloth_tui.store.etcd.client.messages import KeyValue

FORMAT = 1
"""The format of everything under an agent's prefix; a store with a higher one is not touched."""
TIMED_FORMAT = 2
"""The format while an entry may have a time to live: a program that knows of none would let what it writes
end with what it replaced."""
INLINE_BYTES = 256 * 1024
"""Largest stored form that stands in the entry itself, not in a blob."""
STRING, HIDDEN, ABSENT = "string", "hidden", "-"
"""Names in place of a type: hidden: history keeps no value of this key; absent: there was no entry."""
_PLAIN_DIGITS = 18
"""So many digits are a number that a value may be, whatever they are."""
_NOTHING = "-"
_TIMED_FIELDS = 8
"""Fields of an entry with a time to live; others have one less."""


class Kept(
    namedtuple(
        "Kept",
        ("kind", "stored", "created", "updated", "revision", "change", "size", "blob", "deadline"),
        defaults=(0,),
    )
):
    """An entry as it is kept."""

    __slots__ = ()

    kind: str
    """Name of the value's type."""
    stored: bytes
    """The stored form of the value; empty if it is in a blob."""
    created: int
    """Unix milliseconds, like ``updated``; 0: not known, in a store that was loaded from another."""
    updated: int
    revision: int
    """0: not known, like the times."""
    change: int
    size: int
    """Bytes of the whole stored form."""
    blob: bytes | None
    """Name of the blob that holds the stored form; None if it stands here."""
    deadline: int
    """Unix milliseconds at which its time to live is over; 0 without one."""

    def is_over(self, now: int) -> bool:
        """Return True if it is past its time to live at a time in unix milliseconds."""
        return 0 < self.deadline <= now


class Record(
    namedtuple(
        "Record",
        (
            "revision",
            "key",
            "operation",
            "at",
            "change",
            "nonce",
            "old_kind",
            "old",
            "old_created",
            "old_updated",
            "old_revision",
            "old_size",
            "old_blob",
        ),
    )
):
    """One revision: what a change of one key replaced."""

    __slots__ = ()

    revision: int
    key: bytes
    operation: str
    """``set`` or ``delete``."""
    at: int
    """Unix milliseconds."""
    change: int
    nonce: bytes
    """Drawn by each commit: whoever did not get an answer recognises his own."""
    old_kind: str
    """Type of the replaced value, HIDDEN or ABSENT."""
    old: bytes
    old_created: int
    old_updated: int
    old_revision: int
    old_size: int
    old_blob: bytes | None


def foreign(what: str) -> DatabaseUnusable:
    """Return the error for something under our prefix that is not ours."""
    return DatabaseUnusable(
        f"{what} is not as sloth-runner writes it",
        hint="etcdctl get shows it; give sloth-runner a prefix of its own",
    )


def name_of(key: bytes) -> str:
    """Return the name of a key of the server for a person."""
    return f"etcd's key '{key.decode('utf-8', 'surrogateescape')}'"


def numbers(found: KeyValue, many: int) -> list[int]:
    """Return the numbers that are all of a key's value. Raises DatabaseUnusable."""
    try:
        read = [int(number) for number in found.value.split(b" ")]
    except ValueError:
        read = []
    if len(read) != many:
        raise foreign(name_of(found.key))
    return read


def kind_and_bytes(value: Value) -> tuple[str, bytes]:
    """Return the name of the type and the stored form. Raises InvalidValue."""
    kind, stored = encode(value)
    return kind or STRING, stored if isinstance(stored, bytes) else stored.encode()


def value_of(kind: str, stored: bytes) -> Value:
    """Return the value of a stored form. Raises DatabaseUnusable."""
    if kind == "bytes":
        return stored
    if kind == "integer" and len(stored) <= _PLAIN_DIGITS and stored.isdigit():
        return int(stored)
    text = stored.decode("utf-8", "surrogateescape")
    if kind == "table":
        import json

        try:
            table: Value = json.loads(text)
        except (ValueError, RecursionError):
            raise foreign("a table") from None
        return table
    return decode(None if kind == STRING else kind, text)


def seconds(milliseconds: int) -> float | None:
    """Return unix seconds; None for 0, which stands for a time that is not known."""
    return milliseconds / 1000 if milliseconds else None


def encode_kept(kept: Kept) -> bytes:
    blob = kept.blob or _NOTHING.encode()
    line = f"{kept.kind} {kept.created} {kept.updated} {kept.revision} {kept.change} {kept.size} "
    deadline = b" %d" % kept.deadline if kept.deadline else b""
    return line.encode() + blob + deadline + b"\n" + kept.stored


def decode_kept(found: KeyValue) -> Kept:
    """Return the entry in a key. Raises DatabaseUnusable."""
    line, _, stored = found.value.partition(b"\n")
    try:
        fields = line.split(b" ")
        deadline = int(fields.pop()) if len(fields) == _TIMED_FIELDS else 0
        kind, created, updated, revision, change, size, blob = fields
        return Kept(
            kind.decode(),
            stored,
            int(created),
            int(updated),
            int(revision),
            int(change),
            int(size),
            _name(blob),
            deadline,
        )
    except ValueError:
        raise foreign(name_of(found.key)) from None


def encode_record(record: Record) -> bytes:
    """Return the record; its revision stands in the name of its key."""
    old = record.old_kind, record.old_created, record.old_updated, record.old_revision, record.old_size
    fields = record.operation, record.at, record.change, record.nonce.decode(), *old
    blob = (record.old_blob or b"-").decode()
    line = f"{' '.join(map(str, fields))} {blob} {len(record.key)}\n"
    return line.encode() + record.key + record.old


def decode_record(revision: int, data: bytes) -> Record:
    """Return the record of a revision. Raises DatabaseUnusable."""
    try:
        return _record(revision, data)
    except ValueError:
        raise foreign(f"revision {revision}") from None


def _record(revision: int, data: bytes) -> Record:
    line, _, rest = data.partition(b"\n")
    operation, at, change, nonce, kind, created, updated, old_revision, size, blob, length = line.split(b" ")
    key, old = rest[: int(length)], rest[int(length) :]
    return Record(
        revision,
        key,
        operation.decode(),
        int(at),
        int(change),
        nonce,
        kind.decode(),
        old,
        int(created),
        int(updated),
        int(old_revision),
        int(size),
        _name(blob),
    )


def replaced(
    revision: int,
    key: bytes,
    kept: Kept | None,
    *,
    delete: bool,
    at: int,
    change: int,
    nonce: bytes,
    secret: bool,
) -> Record:
    """Return the record of a change of ``key``, which had the entry ``kept``."""
    old: tuple[str, bytes, int, int, int, int, bytes | None] = (ABSENT, b"", 0, 0, 0, 0, None)
    if kept is not None:
        kind, stored, size, blob = (
            (HIDDEN, b"", 0, None) if secret else (kept.kind, kept.stored, kept.size, kept.blob)
        )
        old = (kind, stored, kept.created, kept.updated, kept.revision, size, blob)
    return Record(revision, key, "delete" if delete else "set", at, change, nonce, *old)


class ChangeRecord(namedtuple("ChangeRecord", ("number", "at", "first_revision", "forgotten", "origin"))):
    """A change set as it is kept."""

    __slots__ = ()

    number: int
    at: int
    """Unix milliseconds."""
    first_revision: int
    forgotten: int
    """Number of its revisions that are no longer kept."""
    origin: Origin


def encode_change(change: ChangeRecord) -> bytes:
    import json

    line = f"{change.at} {change.first_revision} {change.forgotten}\n"
    parts = [_text(part) for part in change.origin]
    return line.encode() + json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def decode_change(number: int, data: bytes) -> ChangeRecord:
    """Return a change set. Raises DatabaseUnusable."""
    import json

    from sloth_tui.origin import Origin

    line, _, origin = data.partition(b"\n")
    try:
        at, first, forgotten = map(int, line.split(b" "))
        return ChangeRecord(number, at, first, forgotten, Origin(*json.loads(origin)))
    except (ValueError, TypeError):
        raise foreign(f"change set {number}") from None


def _text(part: object) -> object:
    """Return text with undecodable bytes of a command line as escapes; other values unchanged."""
    return part.encode("utf-8", "backslashreplace").decode() if isinstance(part, str) else part


def _name(blob: bytes) -> bytes | None:
    return None if blob == b"-" else blob
