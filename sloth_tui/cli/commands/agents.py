"""``agents``: list the agents that have state."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.parsing.spec import RECORDS, STORE, Arguments, Command, output_option
from sloth_tui.errors import ExitCode
from sloth_tui.store import open_agents
from sloth_tui.text import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Agent


def list_agents(arguments: Arguments, out: Output) -> int:
    found = open_agents(arguments.address()).discover()
    if arguments.output == "keys":
        for agent in found:
            out.line(agent.name)
    elif arguments.output == "table":
        fields = [
            columns.text("AGENT"),
            columns.size("SIZE"),
            columns.moment("CHANGED"),
            columns.text("LOCATION"),
        ]
        rows = ((agent.name, agent.size, agent.modified_at, agent.location) for agent in found)
        tables.write_rows(fields, rows, out)
    else:
        write_records(_FIELDS, map(_record, found), arguments.output, out)
    return ExitCode.OK


_FIELDS = ("name", "path", "exists", "size", "modified_at")


def _record(agent: Agent) -> dict[str, object]:
    name, location, exists, size, modified_at, *_ = agent
    return dict(zip(_FIELDS, (name, location, exists, size, timestamp(modified_at)), strict=True))


COMMANDS = (
    Command(
        ("agents",),
        "list the agents that have state",
        list_agents,
        options=[STORE, output_option("table", *RECORDS, "keys")],
        details="local is always one of them; its store is made by the first write.",
        example='sloth-runner agents\nfor agent in $(sloth-runner agents -o keys); do echo "$agent"; done',
    ),
)
