"""``state history``: show how one key changed."""

from __future__ import annotations

from sloth_tui.cli.commands import recording
from sloth_tui.cli.output.records import author_of, display_value, write_revisions
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
from sloth_tui.errors import ExitCode, HistoryPruned, UsageError
from sloth_tui.text import display_text, format_count
from sloth_tui.values.parse import revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Revision, Value

_MAX_LINES = 20_000
"""Lines of a value that is compared line by line: the time grows with their square."""


def history(arguments: Arguments, out: Output) -> int:
    if arguments.diff and arguments.output != "table":
        raise UsageError(f"--diff is for people, and -o {arguments.output} is not", hint="give one of them")
    count = 0
    with recording(arguments) as store:
        revisions = store.revisions(arguments.key, limit=arguments.limit)
        if arguments.diff:
            for found in revisions:
                _write_diff(found, out)
                count += 1
        else:
            count = write_revisions(revisions, arguments.output, out)
        if not count and arguments.limit != 0:
            store.entry(arguments.key)
            raise HistoryPruned(
                f"no history of key '{arguments.key}' is kept", hint="state show shows what it is"
            )
    return ExitCode.OK


def _write_diff(found: Revision, out: Output) -> None:
    from difflib import unified_diff

    from sloth_tui.text import timestamp

    who = [author_of(found.origin)]
    if found.origin is not None:
        who += [part for part in (found.origin.title, found.origin.task) if part]
    heading = f"revision {found.revision}  {timestamp(found.at)}  {'  '.join(who)}"
    out.people(display_text(heading) + "\n")
    if found.secret or _is_plain(found):
        old = display_value(found.old, secret=found.secret and not found.created)
        new = display_value(found.new, secret=found.secret and found.operation != "delete")
        out.people(f"  {old} -> {new}\n\n")
        return
    old_lines, new_lines = _lines(found.old), _lines(found.new)
    if max(len(old_lines), len(new_lines)) > _MAX_LINES:
        counts = " -> ".join(format_count(len(lines), "line") for lines in (old_lines, new_lines))
        out.people(f"  {counts}, too many to compare\n\n")
        return
    for number, line in enumerate(unified_diff(old_lines, new_lines, lineterm="", n=2)):
        if number >= 2:
            out.people(f"  {display_text(line)}\n")
    out.people("\n")


def _is_plain(found: Revision) -> bool:
    """True if the value fits best on one line."""
    return not any(len(_lines(value)) > 1 for value in (found.old, found.new))


def _lines(value: Value | None) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict | list):
        from sloth_tui.values.render import pretty

        return pretty(value).split("\n")
    return display_value(value).split("\n") if not isinstance(value, str) else value.split("\n")


COMMANDS = (
    Command(
        ("state", "history"),
        "show how one key changed, newest first: when, by whom, from what to what",
        history,
        positionals=[Positional("key", "KEY", "whose history", convert=utf8, complete="keys")],
        options=[
            *WHOSE,
            Option(("--diff",), "show what changed in text of several lines and in tables, line by line"),
            Option(("-n", "--limit"), "at most N", metavar="N", convert=revision),
            output_option("table", *RECORDS),
        ],
        details=(
            "Also of a key that was deleted. (none) is a key that was not there, (secret) a value that is\n"
            "kept out of history; in the other formats both are null."
        ),
        example=(
            "sloth-runner state history deployment:version\n"
            "sloth-runner state history deploy:limits --diff --limit 3"
        ),
    ),
)
