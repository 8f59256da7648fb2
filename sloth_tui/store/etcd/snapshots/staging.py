"""Commits too large for one request.

Their writes are staged first, where nobody looks. Then one change of the head makes them true: from then on
the commit has happened. The writes are put in place step by step, each of which compares the head; whoever
meets such a head does the steps that are left, a reader too, as every reader of SQLite recovers a log. A
staged commit that no head refers to never happened, and is removed after a while."""

from __future__ import annotations

from functools import partial

from sloth_tui.errors import DatabaseUnusable, UsageError
from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after, nested
from sloth_tui.store.etcd.data.batch import Item, operations_of
from sloth_tui.store.etcd.data.head import NONE, Pending, encode_head, head_of
from sloth_tui.store.etcd.data.records import foreign, name_of
from sloth_tui.store.etcd.snapshots.begun import removal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sloth_tui.store.etcd.client.messages import KeyValue, Operation
    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.data.layout import Layout
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.etcd.snapshots.begun import Note

MAX_OPERATIONS = 1000
MAX_BYTES = 1024 * 1024
"""What one request may have at most: a larger one would hold up everybody else on the server."""
_STEP_PUTS = 900
_STEP_BYTES = 512 * 1024
_PUTS, _GONE, _NO_AGENT, _NO_ENTRIES = b"puts\n", b"gone\n", b"no agent\n", b"no entries\n"
"""What a staged step begins with that holds puts, or a range to delete, or is the last one of a removal; an
item begins with a digit."""
_MOST_ITEMS = 1_000_000
_MOST_BYTES = 1024**3


def is_large(items: Sequence[Item]) -> bool:
    """Return True if these items do not go into one request."""
    return sum(map(_operations_for, items)) > MAX_OPERATIONS or sum(item.size for item in items) > MAX_BYTES


def stage(session: Session, commit: bytes, items: Sequence[Item]) -> int:
    """Stage the items of a commit; return the number of steps. Raises UsageError if there are too many."""
    if len(items) > _MOST_ITEMS or sum(item.size for item in items) > _MOST_BYTES:
        raise UsageError(
            f"{session.location}: a change of {len(items):,} entries is too large for this store",
            hint="make it in parts, by prefix for example; nothing was written",
        )
    steps = 0
    for steps, step in enumerate(_steps(items), 1):
        put = Put(session.layout.stage(commit, steps - 1), b"".join(map(_encode, step)))
        session.patiently(partial(session.channel.txn, Txn((), (put,))), writing=True)
    return steps


def discard(session: Session, note: Note) -> None:
    """Remove what was staged for a commit that did not happen."""
    request = Txn([note.stands], removal(session, note.key))
    session.patiently(partial(session.channel.txn, request), writing=True)


def roll_forward(session: Session, head: Head) -> Head:
    """Do the steps that are left of the pending commit; return the newest head, without one."""
    while head.pending is not None:
        head = step_forward(session, head.pending)
    return head


def step_forward(session: Session, pending: Pending) -> Head:
    """Do one step, or find that another one did it; return the newest head."""
    layout = session.layout
    now, staged = session.read(Range(layout.head), Range(layout.stage(pending.commit, pending.done)))
    found = head_of(now, session.location)
    if found.pending != pending:
        return found
    if not staged.kvs:
        raise DatabaseUnusable(
            f"{session.location}: the change after revision {pending.base} is not whole: a part is gone",
            hint="restore the store from a backup",
        )
    (step,) = staged.kvs
    if step.value in (_NO_AGENT, _NO_ENTRIES):
        then = last_of_removal(layout, keep_agent=step.value == _NO_ENTRIES)
    else:
        left = pending._replace(done=pending.done + 1)
        moved = found._replace(pending=left if left.done < left.steps else None)
        then = [
            Put(layout.head, encode_head(moved)),
            Delete(step.key),
            *nested(_operations(layout, step)),
        ]
    request = Txn([Compare(layout.head, "mod", found.mod)], then)
    # May be sent twice: after the first time the comparison fails.
    session.patiently(partial(session.channel.txn, request), writing=True)
    return head_of(session.range(Range(layout.head)), session.location)


class PutsStage:
    """Stages any puts of names under an agent's prefix, of a commit that loads a whole store."""

    __slots__ = ("_commit", "_session", "_size", "_staged", "steps")

    def __init__(self, session: Session, commit: bytes) -> None:
        self._session = session
        self._commit = commit
        self._staged: list[bytes] = []
        self._size = 0
        self.steps = 0
        """Number of steps staged so far."""

    def put(self, key: bytes, value: bytes) -> None:
        """Stage one put; no key may be put twice."""
        name = key[len(self._session.layout.base) :]
        size = len(name) + len(value)
        if self._staged and (len(self._staged) >= _STEP_PUTS or self._size + size > _STEP_BYTES):
            self.flush()
        self._staged.append(b"%d %d\n%b%b" % (len(name), len(value), name, value))
        self._size += size

    def flush(self) -> None:
        """Stage what is left."""
        if not self._staged:
            return
        put = Put(self._session.layout.stage(self._commit, self.steps), _PUTS + b"".join(self._staged))
        self._session.patiently(partial(self._session.channel.txn, Txn((), (put,))), writing=True)
        self.steps += 1
        self._staged, self._size = [], 0


def _operations(layout: Layout, staged: KeyValue) -> Sequence[Operation]:
    """Return what one step does. Raises DatabaseUnusable for a step that is not ours."""
    try:
        if not staged.value:
            raise ValueError
        if staged.value.startswith(_PUTS):
            return list(_puts(layout, staged.value))
        if staged.value.startswith(_GONE):
            return [_removal_in(layout, staged.value)]
        return operations_of(layout, list(_decode(staged.value)))
    except ValueError:
        raise foreign(name_of(staged.key)) from None


def _puts(layout: Layout, data: bytes) -> Iterator[Put]:
    at = len(_PUTS)
    while at < len(data):
        end = data.index(b"\n", at)
        name, value = map(int, data[at:end].split(b" "))
        at, (key, stored) = _divided(data, end + 1, name, value)
        yield Put(layout.base + key, stored)


def kinds_of_many(layout: Layout) -> tuple[bytes, ...]:
    """Return what the names begin with of which a store may have very many."""
    return (
        *(layout.entries, layout.records, layout.chains, layout.changes, layout.sizes, layout.runs),
        *(layout.secrets, layout.forgotten, layout.blobs, layout.ttls),
    )


def encode_removal(layout: Layout, first: bytes, end: bytes) -> bytes:
    """Return the step that deletes the names from ``first`` up to, not including, ``end``."""
    skip = len(layout.base)
    return b"%b%d %d\n%b%b" % (_GONE, len(first) - skip, len(end) - skip, first[skip:], end[skip:])


def encode_last_of_removal(*, keep_agent: bool) -> bytes:
    return _NO_ENTRIES if keep_agent else _NO_AGENT


def last_of_removal(layout: Layout, *, keep_agent: bool) -> list[Operation]:
    """Return what removes a store of few names; ``keep_agent``: but for an empty head and the locks."""
    if not keep_agent:
        return [Delete(layout.base, after(layout.base)), Delete(layout.mark)]
    kinds = (*kinds_of_many(layout), layout.patterns, layout.stages)
    return [
        Put(layout.head, encode_head(NONE)),
        *(Delete(kind, after(kind)) for kind in kinds),
        Delete(layout.horizon),
    ]


def _removal_in(layout: Layout, data: bytes) -> Delete:
    end = data.index(b"\n", len(_GONE))
    sizes = map(int, data[len(_GONE) : end].split(b" "))
    at, (first, last) = _divided(data, end + 1, *sizes)
    if at < len(data) or not first or not last:
        raise ValueError
    return Delete(layout.base + first, layout.base + last)


def _divided(data: bytes, at: int, *sizes: int) -> tuple[int, list[bytes]]:
    """Return where pieces of these sizes end, and them. Raises ValueError if they are not all there."""
    if min(sizes) < 0 or at + sum(sizes) > len(data):
        raise ValueError
    pieces = []
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return at, pieces


def _operations_for(item: Item) -> int:
    return 3 + bool(item.ended) + bool(item.ends)


def _steps(items: Sequence[Item]) -> Iterator[list[Item]]:
    step: list[Item] = []
    operations = size = 0
    for item in items:
        if step and (operations >= _STEP_PUTS or size + item.size > _STEP_BYTES):
            yield step
            step, operations, size = [], 0, 0
        step.append(item)
        operations += _operations_for(item)
        size += item.size
    if step:
        yield step


def _encode(item: Item) -> bytes:
    entry, blob = item.entry, item.spare_blob
    line = b"%d %d %d %d %b %d %d\n" % (
        item.revision,
        len(item.key),
        len(item.record),
        -1 if entry is None else len(entry),
        blob or b"-",
        item.ended,
        item.ends,
    )
    return line + item.key + item.record + (entry or b"")


def _decode(data: bytes) -> Iterator[Item]:
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        revision, key, record, size, blob, *deadlines = data[at:end].split(b" ")
        if len(deadlines) not in (0, 2):
            raise ValueError
        at, (name, kept, entry) = _divided(data, end + 1, int(key), int(record), max(int(size), 0))
        yield Item(
            int(revision),
            name,
            kept,
            None if int(size) < 0 else entry,
            None if blob == b"-" else blob,
            *map(int, deadlines),
        )
