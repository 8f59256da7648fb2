"""``drift``: what is not as a task file wants it."""

from __future__ import annotations

from sloth_tui.cli.parsing.run_options import DIFF, REQUEST
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Positional, output_option
from sloth_tui.errors import ExitCode, SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.running.drift_report import DriftReport


def show_drift(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.commands import warn_once
    from sloth_tui.cli.output.diagnostics import tell, warn
    from sloth_tui.cli.running.drift_report import DriftReport
    from sloth_tui.cli.running.requests import keys_for, read_request
    from sloth_tui.runner.supervision.signals import signals_stop
    from sloth_tui.runner.supervision.supervisor import Supervisor
    from sloth_tui.store import open_agents, pin_store

    pin_store(arguments.settings)
    request = read_request(arguments, arguments.file)._replace(check=True, keep_going=True, force=True)
    warn_once(open_agents().warning(request.agent))
    keys = keys_for(request)
    supervisor = Supervisor(request, keys=lambda: keys)
    report = DriftReport()
    with signals_stop(supervisor):
        for event in supervisor.events():
            report.take(event)
    for warning in report.warnings:
        warn(warning)
    end = report.end
    assert end is not None
    if end.result not in ("error", "cancelled"):
        _write(report, arguments, out)
    if end.exit_code not in (ExitCode.OK, ExitCode.WOULD_CHANGE):
        failure = SlothError(end.error or f"the check ended: {end.result}", hint=end.hint)
        failure.exit_code = end.exit_code
        raise failure
    if not report.drifted:
        tell("nothing has drifted")
    return ExitCode.WOULD_CHANGE if report.drifted else ExitCode.OK


def _write(report: DriftReport, arguments: Arguments, out: Output) -> None:
    if arguments.output == "json":
        from sloth_tui.values.render import pretty

        out.json(pretty(report.to_json()) + "\n")
        return
    from sloth_tui.masking import holds_secret

    words = arguments.settings().secret_segments
    for line in report.lines(lambda key: holds_secret(key, words)):
        out.people(line + "\n")


COMMANDS = (
    Command(
        ("drift",),
        "find what is not as a Lua file wants it",
        show_drift,
        positionals=[Positional("file", "FILE", "the task file, .lua or .sloth", complete="tasks")],
        options=[*WHOSE, *REQUEST, DIFF, output_option("text", "json")],
        details=(
            "Like run --check --keep-going --force, which change nothing, but shows only what differs. Exit\n"
            "code 0 if nothing does, 10 if something does, 20 if a task fails. json is one object: file, at\n"
            "(unix seconds), drifted (a list of resources and keys) and failed (a list of tasks)."
        ),
        example=(
            "sloth-runner drift site.lua --agent production\n"
            "sloth-runner drift site.lua -o json || mail -s 'drift on web1' ops@example.org"
        ),
    ),
)
