"""Write entries, revisions, change sets and what else the store returns, as records and as tables.

Each ``write_...`` takes ``table`` or a format of :mod:`sloth_tui.cli.output.formats`, and returns how many it
wrote.
"""

from __future__ import annotations

from sloth_tui.cli.output import columns
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.output.tables import write_rows
from sloth_tui.origin import EXTERNAL
from sloth_tui.text import display_text, timestamp
from sloth_tui.values.render import bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import ChangeSet, Difference, Entry, Lock, LockBreak, Origin, Revision, Step, Value

    T = TypeVar("T")

_WHO = ("author", "host", "program", "title", "run", "task")
ENTRY_FIELDS = ("key", "value", "type", "created_at", "updated_at", "revision", "size")
REVISION_FIELDS = ("revision", "key", "at", "operation", "old", "new", "secret", *_WHO)
CHANGE_SET_FIELDS = ("id", "at", "first_revision", "last_revision", "revisions", "forgotten", *_WHO)
DIFFERENCE_FIELDS = ("key", "old", "new", "secret")
LOCK_FIELDS = ("name", "holder", "acquired_at", "expires_at", "remaining", "token", "owner")
BREAK_FIELDS = ("at", "name", "holder", "token", *_WHO)
STEP_FIELDS = ("key", "old", "new", "obstacle")


def entry_record(entry: Entry) -> dict[str, object]:
    """Return an entry as JSON and CSV show it; JSON also shows when its time to live is over, if it has
    one."""
    limit = {} if entry.expires_at is None else {"expires_at": timestamp(entry.expires_at)}
    return {
        "key": entry.key,
        "value": entry.value,
        "type": entry.type,
        "created_at": timestamp(entry.created_at),
        "updated_at": timestamp(entry.updated_at),
        "revision": entry.revision,
        "size": entry.size,
        **limit,
    }


def revision_record(revision: Revision) -> dict[str, object]:
    """Return a revision as JSON and CSV show it."""
    return {
        "revision": revision.revision,
        "key": revision.key,
        "at": timestamp(revision.at),
        "operation": revision.operation,
        "old": revision.old,
        "new": revision.new,
        "secret": revision.secret,
        **_who(revision.origin),
    }


def change_set_record(change_set: ChangeSet) -> dict[str, object]:
    """Return a change set as JSON and CSV show it."""
    return {
        "id": change_set.id,
        "at": timestamp(change_set.at),
        "first_revision": change_set.first_revision,
        "last_revision": change_set.last_revision,
        "revisions": change_set.revisions,
        "forgotten": change_set.forgotten,
        **_who(change_set.origin),
    }


def write_entries(entries: Iterable[Entry], form: str, out: Output) -> int:
    shown_as = [
        columns.text("KEY"),
        columns.value("VALUE"),
        columns.word("TYPE"),
        columns.size("SIZE"),
        columns.moment("UPDATED"),
        columns.number("REVISION"),
    ]

    def row(entry: Entry) -> Sequence[object]:
        return (entry.key, entry.value, entry.type, entry.size, entry.updated_at, entry.revision)

    return _write(entries, form, out, fields=ENTRY_FIELDS, record=entry_record, shown_as=shown_as, row=row)


def write_revisions(revisions: Iterable[Revision], form: str, out: Output) -> int:
    shown_as = [
        columns.number("REVISION"),
        columns.moment("WHEN"),
        columns.word("AUTHOR"),
        columns.word("RUN"),
        columns.word("TASK"),
        _held("OLD"),
        _held("NEW"),
    ]

    def row(revision: Revision) -> Sequence[object]:
        origin = revision.origin
        return (
            revision.revision,
            revision.at,
            author_of(origin),
            (origin and origin.run) or "",
            (origin and origin.task) or "",
            (revision.old, revision.secret and not revision.created),
            (revision.new, revision.secret and revision.operation != "delete"),
        )

    return _write(
        revisions, form, out, fields=REVISION_FIELDS, record=revision_record, shown_as=shown_as, row=row
    )


def write_change_sets(change_sets: Iterable[ChangeSet], form: str, out: Output) -> int:
    shown_as = [
        columns.word("ID"),
        columns.moment("WHEN"),
        columns.word("AUTHOR"),
        columns.number("CHANGES"),
        columns.text("TITLE"),
    ]

    def row(found: ChangeSet) -> Sequence[object]:
        return (found.id, found.at, author_of(found.origin), found.revisions, title_of(found))

    return _write(
        change_sets, form, out, fields=CHANGE_SET_FIELDS, record=change_set_record, shown_as=shown_as, row=row
    )


def write_locks(locks: Iterable[Lock], form: str, out: Output) -> int:
    shown_as = [
        columns.text("NAME"),
        columns.text("HOLDER"),
        columns.span("REMAINING"),
        columns.number("TOKEN"),
        columns.moment("ACQUIRED"),
        columns.text("OWNER"),
    ]

    def record(lock: Lock) -> dict[str, object]:
        return {
            "name": lock.name,
            "holder": lock.holder,
            "acquired_at": timestamp(lock.acquired_at),
            "expires_at": timestamp(lock.expires_at),
            "remaining": round(lock.remaining, 3),
            "token": lock.token,
            "owner": None if lock.owner is None else lock.owner._asdict(),
        }

    def row(lock: Lock) -> Sequence[object]:
        # Whether the owner still runs tells nothing: an ephemeral lock is free once it is gone, and any other
        # one outlives it.
        owner = "-" if lock.owner is None else f"{lock.owner.host}:{lock.owner.pid}"
        return (lock.name, lock.holder, lock.remaining, lock.token, lock.acquired_at, owner)

    return _write(locks, form, out, fields=LOCK_FIELDS, record=record, shown_as=shown_as, row=row)


def write_breaks(breaks: Iterable[LockBreak], form: str, out: Output) -> int:
    shown_as = [
        columns.moment("WHEN"),
        columns.text("NAME"),
        columns.text("HOLDER"),
        columns.number("TOKEN"),
        columns.word("AUTHOR"),
        columns.text("TITLE"),
    ]

    def record(broken: LockBreak) -> dict[str, object]:
        return {
            "at": timestamp(broken.at),
            "name": broken.name,
            "holder": broken.holder,
            "token": broken.token,
            **_who(broken.origin),
        }

    def row(broken: LockBreak) -> Sequence[object]:
        who = (author_of(broken.origin), title_of(broken))
        return (broken.at, broken.name, broken.holder, broken.token, *who)

    return _write(breaks, form, out, fields=BREAK_FIELDS, record=record, shown_as=shown_as, row=row)


def write_differences(differences: Iterable[Difference], form: str, out: Output) -> int:
    shown_as = [columns.text("KEY"), _held("OLD"), _held("NEW")]

    def row(found: Difference) -> Sequence[object]:
        return (found.key, *((value, found.secret and value is not None) for value in (found.old, found.new)))

    return _write(
        differences,
        form,
        out,
        fields=DIFFERENCE_FIELDS,
        record=lambda found: found._asdict(),
        shown_as=shown_as,
        row=row,
    )


def write_steps(steps: Iterable[Step], form: str, out: Output) -> int:
    """Write the steps of an undo or a rollback."""
    shown_as = [columns.text("KEY"), _held("NOW"), _held("THEN"), columns.word("OBSTACLE")]

    def row(step: Step) -> Sequence[object]:
        secret = step.obstacle == "secret"
        return (
            step.key,
            (step.old, secret and step.old is not None),
            (step.new, secret),
            step.obstacle or "",
        )

    return _write(
        steps,
        form,
        out,
        fields=STEP_FIELDS,
        record=lambda step: step._asdict(),
        shown_as=shown_as,
        row=row,
    )


def _write(
    items: Iterable[T],
    form: str,
    out: Output,
    *,
    fields: Sequence[str],
    record: Callable[[T], dict[str, object]],
    shown_as: Sequence[columns.Column],
    row: Callable[[T], Sequence[object]],
) -> int:
    """Write a row of an item in the columns ``shown_as``, or its record with ``fields``."""
    if form == "table":
        return write_rows(shown_as, map(row, items), out)
    return write_records(fields, map(record, items), form, out)


def author_of(origin: Origin | None) -> str:
    """Return the user who asked for a change; ``external`` if another program made it."""
    return EXTERNAL if origin is None else origin.user


def title_of(found: ChangeSet | LockBreak) -> str:
    """Return the title of the command, run or edit that made a change set or broke a lock."""
    return "another program" if found.origin is None else found.origin.title


def display_value(value: Value | None, *, secret: bool = False) -> str:
    """Return a value on one line, escaped; ``(none)`` if it is absent, ``(secret)`` if it is not kept."""
    return display_text(_bare_value(value, secret=secret))


def _bare_value(value: Value | None, *, secret: bool) -> str | bytes:
    if secret:
        return "(secret)"
    return "(none)" if value is None else bare(value)


def _held(heading: str) -> columns.Column:
    """A column of pairs: a value, and whether it is a secret."""
    return columns.data(heading, lambda field: _bare_value(field[0], secret=field[1]))


def _who(origin: Origin | None) -> dict[str, object]:
    if origin is None:
        return dict.fromkeys(_WHO) | {"author": EXTERNAL}
    return {
        "author": origin.user,
        "host": origin.host,
        "program": origin.program,
        "title": origin.title,
        "run": origin.run,
        "task": origin.task,
    }
