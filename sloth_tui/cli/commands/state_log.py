"""``state log`` and ``state undo``: list change sets, and undo one."""

from __future__ import annotations

from itertools import islice, takewhile

from sloth_tui.cli.commands import lasting_after, reading, recording, writing
from sloth_tui.cli.output.diagnostics import tell, warn
from sloth_tui.cli.output.records import author_of, title_of, write_change_sets, write_steps
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    utf8,
)
from sloth_tui.cli.parsing.when import moment
from sloth_tui.errors import ExitCode
from sloth_tui.origin import is_expiry
from sloth_tui.text import format_count
from sloth_tui.values.parse import revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.parsing.when import Moment
    from sloth_tui.model import ChangeSet


def log(arguments: Arguments, out: Output) -> int:
    with recording(arguments) as store:
        change_sets = store.change_sets(prefix=arguments.prefix)
        if arguments.since is not None:
            change_sets = takewhile(_newer(arguments.since), change_sets)
        if arguments.author is not None:
            change_sets = (found for found in change_sets if author_of(found.origin) == arguments.author)
        if arguments.limit is not None:
            change_sets = islice(change_sets, arguments.limit)
        count = write_change_sets(change_sets, arguments.output, out)
    if not count and out.terminal:
        tell("no changes")
    return ExitCode.OK


def _newer(since: Moment) -> Callable[[ChangeSet], bool]:
    if isinstance(since, int):
        return lambda found: found.last_revision > since
    return lambda found: found.at >= since


def undo(arguments: Arguments, out: Output) -> int:
    with reading(arguments) as store:
        name = arguments.id
        change_set = store.newest_change_set() if name is None else store.change_set(name)
        if arguments.dry_run:
            write_steps(store.undo_steps(change_set), arguments.output, out)
            return ExitCode.OK
    with writing(arguments, f"undo {change_set.id}: {title_of(change_set)}") as store:
        if arguments.force:
            steps = store.undo_steps(change_set)
            _warn_of_the_impossible(sum(_is_impossible(step.obstacle) for step in steps))
        lasting = lasting_after(store, store.undo_steps(change_set), is_expiry(change_set.origin))
        changed = store.undo(change_set, force=arguments.force)
    if changed:
        done = f"took back {change_set.id}, {title_of(change_set)}: {format_count(changed, 'key')} changed"
        tell(done + lasting)
    else:
        tell(f"nothing to take back of {change_set.id}, {title_of(change_set)}")
    return ExitCode.OK


def _is_impossible(obstacle: str | None) -> bool:
    return obstacle in ("secret", "forgotten")


def _warn_of_the_impossible(count: int) -> None:
    if count:
        warn(f"{format_count(count, 'key')} of which no old value is kept left as it is")


COMMANDS = (
    Command(
        ("state", "log"),
        "list what was changed, newest first: a line for every command, run or edit",
        log,
        options=[
            *WHOSE,
            Option(("--author",), "only changes by USER; external: by other programs", metavar="USER"),
            Option(
                ("-p", "--prefix"),
                "only those that changed a key that begins with P",
                metavar="P",
                default="",
                convert=utf8,
                complete="keys",
            ),
            Option(
                ("--since",),
                "only those since then: a revision, or a time like 2026-01-31T14:00Z or '10m ago'",
                metavar="WHEN",
                convert=moment,
            ),
            Option(("-n", "--limit"), "at most N", metavar="N", convert=revision),
            output_option("table", *RECORDS),
        ],
        details=(
            "What other programs wrote in one go is one line as well, with an id that begins with x. Any id\n"
            "can be given to state undo."
        ),
        example=(
            "sloth-runner state log --since yesterday\n"
            "sloth-runner state log --author alice --prefix deploy: -o jsonl | jq -r .title"
        ),
    ),
    Command(
        ("state", "undo"),
        "take back what one command, run or edit changed",
        undo,
        positionals=[
            Positional(
                "id", "ID", "which, as state log says; a run's own id; default: the last one", count="?"
            )
        ],
        options=[
            *WHOSE,
            Option(("--dry-run",), "show what would be done, and do nothing"),
            Option(("--force",), "also keys that were changed since; what is not kept stays as it is"),
            output_option("table", *RECORDS),
        ],
        details=(
            "All keys get back what they held before, or none: if a key was changed again since, that is\n"
            "exit code 5, and the message names the keys. An undo is a change too, so that undoing an undo\n"
            "is redo. What is restored has no time to live. What expired is restored only by its ID. -o\n"
            "is how --dry-run prints its list."
        ),
        example="sloth-runner state undo\nsloth-runner state undo 17 --dry-run",
    ),
)
