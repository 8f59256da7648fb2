"""``state watch`` and ``state wait``: follow revisions as they are committed."""

from __future__ import annotations

import time
from functools import partial

from sloth_tui.cli.commands import reading, record_expired
from sloth_tui.cli.output.records import author_of, display_value, revision_record
from sloth_tui.cli.parsing.spec import (
    WHOSE,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    prefix_argument,
    utf8,
)
from sloth_tui.cli.parsing.when import moment, revision_of
from sloth_tui.cli.running.watching import follow_revisions
from sloth_tui.errors import ExitCode, RevisionNotFound, UsageError, WaitTimedOut
from sloth_tui.text import display_text, timestamp
from sloth_tui.values import parse as convert
from sloth_tui.values.render import bare, compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Revision, Value
    from sloth_tui.store.port import Store


def watch(arguments: Arguments, out: Output) -> int:
    left = arguments.count
    with reading(arguments) as store:
        newest = store.revision()
        since = newest if arguments.since is None else revision_of(store, arguments.since)
        if since > newest:
            raise RevisionNotFound(f"no revision {since} yet", hint=f"the newest is {newest}")
        if left == 0:
            return ExitCode.OK
        for batch in follow_revisions(
            store, since, arguments.prefix, None, partial(record_expired, arguments)
        ):
            for revision in batch[:left]:
                _write(revision, arguments.output, out)
            out.flush()
            if left is not None:
                left -= len(batch[:left])
                if not left:
                    break
    return ExitCode.OK


def _write(revision: Revision, form: str, out: Output) -> None:
    if form == "jsonl":
        out.json(compact(revision_record(revision)) + "\n")
        return
    old = display_value(revision.old, secret=revision.secret and not revision.created)
    new = display_value(revision.new, secret=revision.secret and revision.operation != "delete")
    fields = [timestamp(revision.at) or "", str(revision.revision), author_of(revision.origin), revision.key]
    line = list(map(display_text, fields))
    out.people(
        "  ".join([*line, f"{old} -> {new}\n"]) if out.terminal else "\t".join([*line, old, new]) + "\n"
    )


def wait(arguments: Arguments, out: Output) -> int:
    wanted = _wanted(arguments)
    timeout = arguments.timeout
    deadline = None if timeout is None else time.monotonic() + timeout
    with reading(arguments) as store:
        found = _await(store, arguments, wanted, deadline)
    if found is None:
        raise WaitTimedOut(f"key '{arguments.key}' {wanted.what} within {timeout:g} s")
    if found.value is not None:
        value = bare(found.value)
        out.line(value, lines=True)
    return ExitCode.OK


class _Wanted:
    """The condition of ``state wait``. ``fits``: True for the wanted value; None stands for an absent key."""

    __slots__ = ("fits", "what")

    def __init__(self, fits: Callable[[Value | None], bool], what: str) -> None:
        self.fits = fits
        self.what = what


class _Found:
    """The value of the key when the condition was met; None if it was absent."""

    __slots__ = ("value",)

    def __init__(self, value: Value | None) -> None:
        self.value = value


def _wanted(arguments: Arguments) -> _Wanted:
    given = [arguments.value is not None, arguments.absent, arguments.changed]
    if sum(given) > 1:
        raise UsageError("--value, --absent and --changed exclude each other", hint="give one of them")
    if arguments.absent:
        return _Wanted(lambda value: value is None, "was not deleted")
    if arguments.changed:
        return _Wanted(lambda value: True, "did not change")
    if arguments.value is None:
        return _Wanted(lambda value: value is not None, "did not appear")
    text: bytes = arguments.value.encode("utf-8", "surrogateescape")

    def fits(value: Value | None) -> bool:
        if value is None:
            return False
        held = bare(value)
        return text == (held if isinstance(held, bytes) else held.encode("utf-8", "surrogateescape"))

    return _Wanted(fits, "did not get that value")


def _await(store: Store, arguments: Arguments, wanted: _Wanted, deadline: float | None) -> _Found | None:
    key, since = arguments.key, store.revision()
    if not arguments.changed and wanted.fits(now := store.get(key)):
        return _Found(now)
    for batch in follow_revisions(store, since, key, deadline, partial(record_expired, arguments)):
        for revision in batch:
            if revision.key == key:
                # History keeps no values of a secret, so its current value counts.
                value = store.get(key) if revision.secret else revision.new
                if wanted.fits(value):
                    return _Found(value)
    return None


COMMANDS = (
    Command(
        ("state", "watch"),
        "print changes by any program as they happen, each once and in order",
        watch,
        positionals=[prefix_argument("only keys that begin with this")],
        options=[
            *WHOSE,
            Option(
                ("--since",),
                "begin after this revision, or time; default: now",
                metavar="WHEN",
                convert=moment,
            ),
            Option(("-n", "--count"), "end after N changes", metavar="N", convert=convert.revision),
            output_option("table", "jsonl"),
        ],
        details=(
            "A line a change: when, revision, author, key, what it was, what it became. Where changes after\n"
            "--since are no longer kept, that is exit code 3, before or instead of any gap. An entry whose\n"
            "time to live is over is deleted by expired."
        ),
        example=(
            "sloth-runner state watch deploy:\n"
            "sloth-runner state watch --since 120 -o jsonl | while read -r line; do ...; done"
        ),
    ),
    Command(
        ("state", "wait"),
        "wait until a key is there, or has a value, is gone, or changes",
        wait,
        positionals=[Positional("key", "KEY", "what to wait for", convert=utf8, complete="keys")],
        options=[
            *WHOSE,
            Option(("--value",), "until it is V, as state get would print it", metavar="V"),
            Option(("--absent",), "until it is not there"),
            Option(("--changed",), "until it is set to something else or deleted"),
            Option(
                ("--timeout",),
                "give up after S seconds, with exit code 4",
                metavar="S",
                convert=convert.seconds,
            ),
        ],
        details="Prints the value, as state get does. Not even a value that is there for a moment is missed.",
        example=(
            "sloth-runner state wait cluster:leader --timeout 60\n"
            "sloth-runner state wait deployment:status --value complete"
        ),
    ),
)
