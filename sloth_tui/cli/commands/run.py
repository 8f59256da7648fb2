"""``run``: run the tasks of a Lua file, and show what happens."""

from __future__ import annotations

from sloth_tui.cli.parsing.run_options import DIFF, REQUEST
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, output_option
from sloth_tui.errors import ExitCode, SlothError, UsageError
from sloth_tui.values.parse import count

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
    _check_output(arguments, out)
    from sloth_tui.runner.supervision.process import WorkerProcess
    from sloth_tui.store import open_agents, pin_store

    store = pin_store(arguments.settings)
    # First of all, so that both processes start at the same time.
    worker = WorkerProcess()
    try:
        request = _request(arguments)
        from sloth_tui.cli.commands import warn_once
        from sloth_tui.cli.running.follow import follow
        from sloth_tui.cli.running.requests import keys_for

        keys = keys_for(request)
        warn_once(open_agents().warning(request.agent))
    except BaseException:
        worker.close(seconds=1.0)
        raise
    return follow(
        request,
        worker,
        out,
        store=store,
        words=arguments.words,
        keys=keys,
        settings=arguments.settings,
        as_json=arguments.output == "jsonl",
        traces=arguments.debug,
        undo_on_failure=arguments.undo_on_failure,
    )


def _check_output(arguments: Arguments, out: Output) -> None:
    """Raise SlothError if stdout is closed; first what is wrong with the request itself."""
    try:
        out.check_open("nothing was run: a run without output would be stopped")
    except SlothError:
        from sloth_tui.cli.running.requests import keys_for
        from sloth_tui.runner.supervision.listing import list_tasks

        request = _request(arguments)
        list_tasks(request, keys_for(request))
        raise


def _request(arguments: Arguments) -> RunRequest:
    from sloth_tui.cli.running.requests import read_request
    from sloth_tui.runner.request import DEFAULT_FORKS

    return read_request(arguments, _file(arguments))._replace(
        keep_going=arguments.keep_going,
        check=arguments.check,
        force=arguments.force,
        title="" if arguments.example is None else f"run --example {arguments.example}",
        forks=DEFAULT_FORKS if arguments.forks is None else arguments.forks,
    )


def _file(arguments: Arguments) -> str:
    if arguments.example is None:
        return str(arguments.file)
    from sloth_tui.runner import examples

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
            *WHOSE,
            Option(
                ("--example",),
                "instead of FILE one of those that come with the program, see sloth-runner examples",
                metavar="NAME",
                complete="examples",
            ),
            *REQUEST,
            Option(
                ("--forks",),
                "how many hosts a task with several acts on at the same time (default 5)",
                metavar="N",
                convert=count,
            ),
            Option(("--keep-going",), "after a failure, run what does not depend on it"),
            Option(
                ("--undo-on-failure",), "if the run does not succeed, take back all it wrote to the state"
            ),
            Option(("--check",), "change nothing: only find out what would change, and exit with 10 if any"),
            DIFF,
            Option(("--force",), "run tasks that are up to date, too"),
            Option(("--list",), "only list the tasks, in the order they would run"),
            output_option("text", "jsonl"),
        ],
        details=(
            "jsonl is one event a line; event says what happened, from run_started to run_finished. Exit\n"
            "code 20 when a task failed, 124 when one or the run took too long, 10 when --check found what\n"
            "would change. Ctrl-C stops the tasks and releases locks taken with with_lock: commands get\n"
            "one SIGTERM, and SIGKILL after the grace or at a second Ctrl-C. Output that cannot be written\n"
            "stops the run too, with exit code 1."
        ),
        example=(
            "sloth-runner run deploy.lua --agent production --values production.yaml\n"
            "sloth-runner run deploy.lua --task migrate --set version=v1.2.3 --timeout 600\n"
            "sloth-runner run --example deploy --list"
        ),
    ),
)
