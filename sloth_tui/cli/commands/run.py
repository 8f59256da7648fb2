"""``run``: run the tasks of a Lua file, and show what happens."""

from __future__ import annotations

from sloth_tui.cli.parsing.spec import AGENT, Arguments, Command, Option, Positional, output_option
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.values.parse import grace, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.runner.request import RunRequest


def run_file(arguments: Arguments, out: Output) -> int:
    if arguments.file is None and arguments.example is None:
        raise UsageError("nothing to run: give FILE or --example NAME", hint="see sloth-runner run --help")
    if arguments.file is not None and arguments.example is not None:
        raise UsageError("FILE and --example exclude each other", hint="see sloth-runner run --help")
    if arguments.list:
        from sloth_tui.cli.running.task_list import show_tasks

        show_tasks(_request(arguments), out, as_json=arguments.output == "jsonl")
        return ExitCode.OK
    out.check_open("nothing was run: a run without output would be stopped")
    from sloth_tui.runner.supervision.process import WorkerProcess

    # First of all, so that both processes start at the same time.
    worker = WorkerProcess()
    try:
        request = _request(arguments)
        from sloth_tui.cli.commands import warn_once
        from sloth_tui.cli.running.follow import follow
        from sloth_tui.store import open_agents

        warn_once(open_agents().warning(request.agent))
    except BaseException:
        worker.close(seconds=1.0)
        raise
    follow(
        request,
        worker,
        out,
        settings=arguments.settings,
        as_json=arguments.output == "jsonl",
        traces=arguments.debug,
        undo_on_failure=arguments.undo_on_failure,
    )
    return ExitCode.OK


def _request(arguments: Arguments) -> RunRequest:
    from sloth_tui.agents import named_agent
    from sloth_tui.runner.request import RunRequest

    settings = arguments.settings()
    return RunRequest(
        _file(arguments),
        named_agent(arguments.agent) or settings.agent,
        tasks=tuple(arguments.task),
        values=_values(arguments),
        timeout=arguments.timeout,
        keep_going=arguments.keep_going,
        grace=settings.grace if arguments.grace is None else arguments.grace,
        diff=arguments.diff,
        title="" if arguments.example is None else f"run --example {arguments.example}",
    )


def _values(arguments: Arguments) -> dict[str, object]:
    if arguments.values is None and not arguments.set and not arguments.set_string:
        return {}
    from sloth_tui.runner.inputs import read_values

    return read_values(arguments.values, arguments.set, arguments.set_string)


def _file(arguments: Arguments) -> str:
    if arguments.example is None:
        return str(arguments.file)
    from sloth_tui.cli import examples

    return examples.path(arguments.example)


COMMANDS = (
    Command(
        ("run",),
        "run the tasks of a Lua file",
        run_file,
        positionals=[
            Positional("file", "FILE", "the task file, .lua or .sloth", count="?", complete="tasks")
        ],
        options=[
            AGENT,
            Option(
                ("--example",),
                "instead of FILE one of those that come with the program, see sloth-runner examples",
                metavar="NAME",
                complete="examples",
            ),
            Option(
                ("--task",),
                "only this task and what it depends on; repeatable",
                metavar="NAME",
                repeated=True,
            ),
            Option(
                ("--values",),
                "YAML, JSON or TOML file that Lua sees as values",
                metavar="FILE",
                complete="files",
            ),
            Option(
                ("--set",),
                "on top of the file, set values.K to V: a number, true, false, null, else text; repeatable",
                metavar="K=V",
                repeated=True,
            ),
            Option(("--set-string",), "the same with V as text; repeatable", metavar="K=V", repeated=True),
            Option(("--timeout",), "how long the whole run may take", metavar="SECONDS", convert=seconds),
            Option(
                ("--grace",),
                "how long commands may take to end, once they are asked to (default 10)",
                metavar="SECONDS",
                convert=grace,
            ),
            Option(("--keep-going",), "after a failure, run what does not depend on it"),
            Option(
                ("--undo-on-failure",), "if the run does not succeed, take back all it wrote to the state"
            ),
            Option(("--diff",), "show how the content of changed files differs"),
            Option(("--list",), "only list the tasks, in the order they would run"),
            output_option("text", "jsonl"),
        ],
        details=(
            "jsonl is one event a line; event says what happened, from run_started to run_finished. Exit\n"
            "code 20 when a task failed, 124 when one or the run took too long. Ctrl-C stops the tasks and\n"
            "releases locks taken with with_lock: commands get one SIGTERM, and SIGKILL after the grace or\n"
            "at a second Ctrl-C. Output that cannot be written stops the run too, with exit code 1."
        ),
        example=(
            "sloth-runner run deploy.lua --agent production --values production.yaml\n"
            "sloth-runner run deploy.lua --task migrate --set version=v1.2.3 --timeout 600\n"
            "sloth-runner run --example deploy --list"
        ),
    ),
)
