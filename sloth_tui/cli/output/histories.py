"""Write revisions, change sets and differences as records and as tables."""

from __future__ import annotations

from sloth_tui.cli.output import columns
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.output.tables import write_rows
from sloth_tui.origin import EXTERNAL
from sloth_tui.text import display_text, timestamp
from sloth_tui.values.render import bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import ChangeSet, Difference, LockBreak, Origin, Revision, Step, Value

_WHO = ("author", "host", "program", "title", "run", "task")
CHANGE_FIELDS = ("revision", "key", "at", "operation", "old", "new", "secret", *_WHO)
SET_FIELDS = ("id", "at", "first_revision", "last_revision", "revisions", "forgotten", *_WHO)
DIFFERENCE_FIELDS = ("key", "old", "new", "secret")
BREAK_FIELDS = ("at", "name", "holder", "token", *_WHO)
STEP_FIELDS = ("key", "old", "new", "obstacle")


def author(origin: Origin | None) -> str:
    return EXTERNAL if origin is None else origin.user


def change_record(change: Revision) -> dict[str, object]:
    """Return a revision as JSON and CSV show it."""
    return {
        "revision": change.revision,
        "key": change.key,
        "at": timestamp(change.at),
        "operation": change.operation,
        "old": change.old,
        "new": change.new,
        "secret": change.secret,
        **_who(change.origin),
    }


def set_record(found: ChangeSet) -> dict[str, object]:
    """Return a change set as JSON and CSV show it."""
    return {
        "id": found.id,
        "at": timestamp(found.at),
        "first_revision": found.first_revision,
        "last_revision": found.last_revision,
        "revisions": found.revisions,
        "forgotten": found.forgotten,
        **_who(found.origin),
    }


def write_changes(changes: Iterable[Revision], form: str, out: Output) -> int:
    """Write the revisions of one key as ``table``, ``json``, ``jsonl`` or ``csv``; return their number."""
    if form != "table":
        return write_records(CHANGE_FIELDS, map(change_record, changes), form, out)
    shown_as = [
        columns.number("REVISION"),
        columns.moment("WHEN"),
        columns.word("AUTHOR"),
        columns.word("RUN"),
        columns.word("TASK"),
        _held("OLD"),
        _held("NEW"),
    ]
    rows = (
        (
            change.revision,
            change.at,
            author(change.origin),
            (change.origin and change.origin.run) or "",
            (change.origin and change.origin.task) or "",
            (change.old, change.secret and not change.created),
            (change.new, change.secret and change.operation != "delete"),
        )
        for change in changes
    )
    return write_rows(shown_as, rows, out)


def write_sets(sets: Iterable[ChangeSet], form: str, out: Output) -> int:
    """Write change sets as ``table``, ``json``, ``jsonl`` or ``csv``; return their number."""
    if form != "table":
        return write_records(SET_FIELDS, map(set_record, sets), form, out)
    shown_as = [
        columns.word("ID"),
        columns.moment("WHEN"),
        columns.word("AUTHOR"),
        columns.number("CHANGES"),
        columns.text("TITLE"),
    ]
    rows = ((one.id, one.at, author(one.origin), one.revisions, title(one)) for one in sets)
    return write_rows(shown_as, rows, out)


def title(found: ChangeSet | LockBreak) -> str:
    """Return the title of what was asked for."""
    return "another program" if found.origin is None else found.origin.title


def write_breaks(breaks: Iterable[LockBreak], form: str, out: Output) -> int:
    """Write locks that were broken as ``table``, ``json``, ``jsonl`` or ``csv``; return their number."""
    if form != "table":
        return write_records(BREAK_FIELDS, map(_break_record, breaks), form, out)
    shown_as = [
        columns.moment("WHEN"),
        columns.text("NAME"),
        columns.text("HOLDER"),
        columns.number("TOKEN"),
        columns.word("AUTHOR"),
        columns.text("TITLE"),
    ]
    rows = ((one.at, one.name, one.holder, one.token, author(one.origin), title(one)) for one in breaks)
    return write_rows(shown_as, rows, out)


def _break_record(broken: LockBreak) -> dict[str, object]:
    return {
        "at": timestamp(broken.at),
        "name": broken.name,
        "holder": broken.holder,
        "token": broken.token,
        **_who(broken.origin),
    }


def write_differences(differences: Iterable[Difference], form: str, out: Output) -> int:
    """Write differences between two moments in any format; return their number."""
    if form != "table":
        return write_records(DIFFERENCE_FIELDS, (found._asdict() for found in differences), form, out)
    shown_as = [columns.text("KEY"), _held("OLD"), _held("NEW")]
    rows = (
        (found.key, *((value, found.secret and value is not None) for value in (found.old, found.new)))
        for found in differences
    )
    return write_rows(shown_as, rows, out)


def write_steps(steps: Iterable[Step], form: str, out: Output) -> int:
    """Write the steps of an undo or rollback in any format; return their number."""
    if form != "table":
        return write_records(STEP_FIELDS, (step._asdict() for step in steps), form, out)
    shown_as = [columns.text("KEY"), _held("NOW"), _held("THEN"), columns.word("OBSTACLE")]
    rows = (
        (
            step.key,
            (step.old, step.obstacle == "secret" and step.old is not None),
            (step.new, step.obstacle == "secret"),
            step.obstacle or "",
        )
        for step in steps
    )
    return write_rows(shown_as, rows, out)


def shown(value: Value | None, *, secret: bool = False) -> str:
    """Return a value on one line, escaped; ``(none)`` if it is absent, ``(secret)`` if it is not kept."""
    return display_text(told(value, secret=secret))


def told(value: Value | None, *, secret: bool = False) -> str | bytes:
    """Like :func:`shown`, but not escaped."""
    if secret:
        return "(secret)"
    return "(none)" if value is None else bare(value)


def _held(heading: str) -> columns.Column:
    """A column of pairs: a value, and whether it is a secret."""
    return columns.data(heading, lambda field: told(field[0], secret=field[1]))


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
