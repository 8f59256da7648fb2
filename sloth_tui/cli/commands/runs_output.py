"""``runs output`` and ``runs attach``: what a run has printed, and what it prints."""

from __future__ import annotations

from sloth_tui.cli.commands.runs import RUN
from sloth_tui.cli.parsing.spec import Arguments, Command, Option, Positional, output_option
from sloth_tui.errors import ExitCode, SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


def show_output(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.running.replay import Replay

    replay = Replay(arguments.id, arguments.settings, task=arguments.task, host=arguments.host)
    end = replay.show(out, follow=arguments.follow, as_json=arguments.output == "jsonl")
    if end is not None and arguments.output == "text":
        from sloth_tui.cli.output.diagnostics import narrate
        from sloth_tui.text import display_text

        narrate(f"error: {display_text(end.message)}")
        if end.hint is not None:
            narrate(f"hint: {display_text(end.hint)}")
    return ExitCode.OK


def attach(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.output.stdout import OutputClosed
    from sloth_tui.cli.running.replay import Replay

    replay = Replay(arguments.id, arguments.settings)
    try:
        end = replay.show(out, follow=True, live=True)
    except OutputClosed:  # to return 0 would say that the run succeeded
        raise SlothError(f"the reader of the output went away, before run {replay.run.id} ended") from None
    except KeyboardInterrupt:
        from sloth_tui.cli.output.diagnostics import narrate

        run = replay.run.id
        narrate(f"run {run} goes on; sloth-runner runs stop {run} stops it")
        return ExitCode.INTERRUPTED
    if end is not None:
        raise end
    code = replay.run.exit_code
    return ExitCode.OK if code is None else code


COMMANDS = (
    Command(
        ("runs", "output"),
        "print what a run has printed",
        show_output,
        positionals=[RUN],
        options=[
            Option(("-f", "--follow"), "go on until the run ends"),
            Option(("--task",), "only of this task", metavar="NAME"),
            Option(("--host",), "only of tasks for this host, among several", metavar="NAME"),
            output_option("text", "jsonl"),
        ],
        details=(
            "text is what run printed into a pipe, and why the run failed on stderr. jsonl is one event a\n"
            "line, as of run -o jsonl, without the values of secrets. Exit code 0, however the run ended."
        ),
        example="sloth-runner runs output 3f2a --task migrate\nsloth-runner runs output 3f2a -o jsonl",
    ),
    Command(
        ("runs", "attach"),
        "follow a run to its end",
        attach,
        positionals=[
            Positional("id", "ID", RUN.help, complete="going runs"),
        ],
        details=(
            "Shows all of the run from its beginning, and ends with its exit code. Ctrl-C ends only this\n"
            "command, with 130; the run goes on. Exit code 1 if the run was lost."
        ),
        example="sloth-runner runs attach 3f2a",
    ),
)
