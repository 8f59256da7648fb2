"""``state stats``: show figures about an agent's store."""

from __future__ import annotations

from sloth_tui.cli.commands import reading
from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, output_option
from sloth_tui.errors import ExitCode
from sloth_tui.text import format_count
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Stats


def show_stats(arguments: Arguments, out: Output) -> int:
    with reading(arguments) as store:
        agent, stats = store.agent, store.stats()
    if arguments.output == "json":
        record = stats._asdict()
        del record["storage"]
        out.json(pretty(record) + "\n")
    else:
        tables.write_fields(_fields(agent, stats), out)
    return ExitCode.OK


def _fields(agent: str, stats: Stats) -> list[tuple[str, columns.Column, object]]:
    types = ", ".join(f"{count:,} {name}" for name, count in stats.types.items() if count)
    return [
        ("agent", columns.word(""), agent),
        ("backend", columns.word(""), stats.backend),
        ("location", columns.text(""), stats.location),
        ("keys", columns.number(""), stats.total_keys),
        ("types", columns.word(""), types or "-"),
        ("size", columns.size(""), stats.total_size),
        ("last modified", columns.moment(""), stats.last_modified or None),
        *(
            (label, columns.word("") if isinstance(figure, str) else columns.size(""), figure)
            for label, figure in stats.storage
        ),
        ("revision", columns.number(""), stats.revision),
        ("history", columns.word(""), _history(stats)),
        ("history size", columns.size(""), stats.history_size),
        ("locks held", columns.number(""), stats.locks),
    ]


def _history(stats: Stats) -> str:
    kept = format_count(stats.revisions, "revision")
    if not stats.oldest_revision:
        return kept
    return f"{kept} since {stats.oldest_revision}, complete since {stats.complete_since}"


COMMANDS = (
    Command(
        ("state", "stats"),
        "show figures about an agent's store",
        show_stats,
        options=[*WHOSE, output_option("table", "json")],
        details=(
            "In json sizes are bytes, and last_modified is unix seconds, 0 when empty. total_size is that\n"
            "of all keys and values, history_size that of superseded values, file_size that of the database\n"
            "with its write-ahead log. From revision complete_since on, list --at can show everything."
        ),
        example=(
            "sloth-runner state stats\n"
            "sloth-runner state stats --agent production --output json | jq .total_keys"
        ),
    ),
)
