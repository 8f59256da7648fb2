"""``state show``: show one entry with all of its fields."""

from __future__ import annotations

from sloth_tui.cli.commands import entries, reading
from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.output.records import ENTRY_FIELDS, entry_record
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
from sloth_tui.cli.parsing.when import moment, revision_of
from sloth_tui.errors import ExitCode
from sloth_tui.text import display_text
from sloth_tui.values.render import bare, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Entry


def show(arguments: Arguments, out: Output) -> int:
    if arguments.revision is not None:
        with reading(arguments) as whole:
            entry = whole.entry_at(arguments.key, revision_of(whole, arguments.revision))
    else:
        with entries(arguments) as store:
            entry = store.entry(arguments.key)
    if arguments.output == "json":
        out.json(pretty(entry_record(entry)) + "\n")
    elif arguments.output == "table":
        _as_fields(entry, out)
    else:
        write_records(ENTRY_FIELDS, [entry_record(entry)], arguments.output, out)
    return ExitCode.OK


def _as_fields(entry: Entry, out: Output) -> None:
    fields = [
        ("key", columns.text(""), entry.key),
        ("type", columns.word(""), entry.type),
        ("size", columns.size(""), entry.size),
        ("created", columns.moment(""), entry.created_at),
        ("updated", columns.moment(""), entry.updated_at),
        ("revision", columns.number(""), entry.revision),
    ]
    if entry.expires_at is not None:
        fields.append(("expires", columns.moment(""), entry.expires_at))
    if not out.terminal:
        tables.write_fields([*fields, ("value", columns.value(""), entry.value)], out)
        return
    tables.write_fields(fields, out)
    value = entry.value
    text = pretty(value) if isinstance(value, (dict, list)) else bare(value)
    out.people("\n" + display_text(text, lines=True) + "\n")


COMMANDS = (
    Command(
        ("state", "show"),
        "show one entry and everything known about it",
        show,
        positionals=[Positional("key", "KEY", "what to show", convert=utf8, complete="keys")],
        options=[
            *WHOSE,
            Option(
                ("--revision",),
                "as it was at revision N, or at a time like '10m ago'",
                metavar="N",
                convert=moment,
            ),
            output_option("table", *RECORDS),
        ],
        details=(
            "On a terminal times are ages and sizes rounded; otherwise they are RFC 3339 in UTC, and bytes.\n"
            "What has a time to live also tells when that is over: expires, in JSON expires_at.\n"
            'A value that is not UTF-8 is {"base64": "..."} in json, jsonl and csv.'
        ),
        example=(
            "sloth-runner state show deployment:version\n"
            "sloth-runner state show deployment:version --output json | jq -r .updated_at"
        ),
    ),
)
