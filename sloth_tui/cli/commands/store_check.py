"""``store check``: find out whether the store answers, and how fast."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.diagnostics import warn
from sloth_tui.cli.parsing.spec import STORE, Arguments, Command, output_option
from sloth_tui.errors import ExitCode
from sloth_tui.store import check_store
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import StoreCheck


def check(arguments: Arguments, out: Output) -> int:
    found = check_store(arguments.address())
    if arguments.output == "json":
        record: dict[str, object] = found._asdict()
        record["latency_ms"], record["warnings"] = round(found.latency_ms, 3), list(found.warnings)
        out.json(pretty(record) + "\n")
        return ExitCode.OK
    tables.write_fields(_fields(found), out)
    for warning in found.warnings:
        warn(warning)
    return ExitCode.OK


def _fields(found: StoreCheck) -> list[tuple[str, columns.Column, object]]:
    encrypted = "yes" if found.tls else "no"
    return [
        ("backend", columns.word(""), found.backend),
        ("location", columns.text(""), found.location),
        ("version", columns.text(""), found.version),
        ("encrypted", columns.word(""), "no network" if found.backend == "sqlite" else encrypted),
        ("user", columns.text(""), found.user or "-"),
        ("read took", columns.text(""), f"{found.latency_ms:.3g} ms"),
    ]


COMMANDS = (
    Command(
        ("store", "check"),
        "whether the store answers, and how fast",
        check,
        options=[STORE, output_option("table", "json")],
        details=(
            "Asks the store and leaves it as it is. A store that cannot be reached, or that refuses this\n"
            "program, is an error with exit code 7. In json latency_ms is the time of one read in\n"
            "milliseconds, and warnings is a list of texts."
        ),
        example="sloth-runner store check\nsloth-runner store check --store etcd://db1,db2,db3/shop -o json",
    ),
)
