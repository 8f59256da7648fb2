"""``runs list`` and ``runs show``: the runs that are kept, and what one of them did."""

from __future__ import annotations

from sloth_tui.cli.parsing.spec import RECORDS, Arguments, Command, Option, Positional, output_option
from sloth_tui.errors import ExitCode
from sloth_tui.values.parse import revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output

RUN = Positional("id", "ID", "which run: its id, or as much of it as only one has", complete="runs")


def list_runs(arguments: Arguments, out: Output) -> int:
    from sloth_tui.agents import check_name
    from sloth_tui.cli.output.diagnostics import tell
    from sloth_tui.cli.output.run_records import write_runs
    from sloth_tui.runs.archive import Archive

    agent = None if arguments.agent is None else check_name(arguments.agent)
    count = write_runs(Archive().runs(agent, arguments.limit), arguments.output, out)
    if not count and out.terminal:
        tell("no runs")
    return ExitCode.OK


def show_run(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.running.kept_run import KeptRun
    from sloth_tui.masking import holds_secret
    from sloth_tui.runs.archive import Archive

    archive = Archive()
    run = archive.find(arguments.id)
    words = arguments.settings().secret_segments
    with archive.follow(run.id) as events:
        shown = KeptRun(run, lambda key: holds_secret(key, words))
        shown.read(events)
    if arguments.output == "json":
        from sloth_tui.values.render import pretty

        out.json(pretty(shown.to_json()) + "\n")
    else:
        shown.write(out)
    return ExitCode.OK


COMMANDS = (
    Command(
        ("runs", "list"),
        "list the runs that are kept, newest first",
        list_runs,
        options=[
            Option(
                ("-a", "--agent"), "only runs on the state of this agent", metavar="NAME", complete="agents"
            ),
            Option(("-n", "--limit"), "at most N", metavar="N", convert=revision),
            output_option("table", *RECORDS),
        ],
        details=(
            "A run goes on (going), has ended (done, failed, timeout, cancelled, error), or was lost: its\n"
            "process was killed. How many runs are kept, and for how long, config.toml says under [runs]."
        ),
        example=(
            "sloth-runner runs list --agent production -n 5\n"
            "sloth-runner runs list -o jsonl | jq -r 'select(.result == \"failed\") | .id'"
        ),
    ),
    Command(
        ("runs", "show"),
        "show a run: the results of its tasks, what it changed, and why it failed",
        show_run,
        positionals=[RUN],
        options=[output_option("table", "json")],
        details=(
            "json is one object: what runs list -o json has of the run, and lists of results, changes,\n"
            "resources and warnings. Values of secrets are not kept."
        ),
        example="sloth-runner runs show 3f2a\nsloth-runner runs show 3f2a9c51b7e0 -o json | jq '.changes[]'",
    ),
)
