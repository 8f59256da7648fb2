"""``runs undo``, ``runs stop`` and ``runs forget``: take back what a run wrote, end one that goes on, remove
what is kept of one."""

from __future__ import annotations

from sloth_tui.cli.commands.runs import RUN
from sloth_tui.cli.parsing.spec import RECORDS, YES, Arguments, Command, Option, Positional, output_option
from sloth_tui.errors import AgentNotFound, ExitCode, Refused, RevisionNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import ChangeSet
    from sloth_tui.store.port import Store

_NAMED_RUNS = 3


def undo(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.commands import reading, state_log, tell
    from sloth_tui.runs.archive import Archive
    from sloth_tui.runs.undoing import check_undo, nothing_of
    from sloth_tui.store import FILES
    from sloth_tui.store.address import choose

    run = Archive().find(arguments.id)
    check_undo(run)
    choose(run.store or FILES)
    given = Arguments(
        {
            "agent": run.agent,
            "id": run.id,
            "dry_run": arguments.dry_run,
            "force": arguments.force,
            "output": arguments.output,
        }
    )
    try:
        with reading(given) as store:
            change_set = store.change_set(run.id)
            if not arguments.dry_run and _was_undone(store, change_set):
                tell(f"run {run.id} was undone already: nothing to take back")
                return ExitCode.OK
    except (AgentNotFound, RevisionNotFound) as error:
        raise nothing_of(run) from error
    return state_log.undo(given, out)


def _was_undone(store: Store, change_set: ChangeSet) -> bool:
    """True if nothing is left of a change set, because it was undone."""
    if next(iter(store.undo_steps(change_set)), None) is not None:
        return False
    for later in store.change_sets():
        if later.last_revision <= change_set.last_revision:
            break
        if later.origin is not None and later.origin.title.startswith(f"undo {change_set.id}: "):
            return True
    return False


def stop(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.commands import tell
    from sloth_tui.errors import RunNotFound
    from sloth_tui.runs.archive import Archive

    archive = Archive()
    run = archive.find(arguments.id)
    stopped = archive.stop(run, kill=arguments.kill, wait=True)
    try:
        result = archive.find(run.id).result
    except RunNotFound:  # none is kept after its end
        result = "it is not kept"
    tell(f"run {run.id} has ended{'' if stopped else ' already'}: {result}")
    return ExitCode.OK


def forget(arguments: Arguments, out: Output) -> int:
    from sloth_tui.cli.commands import tell
    from sloth_tui.cli.output.diagnostics import confirm
    from sloth_tui.runs.archive import Archive
    from sloth_tui.text import format_count, listed

    archive = Archive()
    runs = list(dict.fromkeys(archive.find(wanted) for wanted in arguments.ids))
    going = [run.id for run in runs if run.going]
    if going:
        raise Refused(
            f"run {going[0]} goes on: nothing was forgotten",
            hint=f"sloth-runner runs stop {going[0]} stops it",
        )
    counted = format_count(len(runs), "run")
    named = listed([f"{run.id} ({run.title})" for run in runs], _NAMED_RUNS)
    confirm(f"forget {counted}", f": {named}", yes=arguments.yes)
    for run in runs:
        archive.forget(run.id)
    tell(f"forgot {counted}; what {'it' if len(runs) == 1 else 'they'} changed stays")
    return ExitCode.OK


COMMANDS = (
    Command(
        ("runs", "undo"),
        "take back what a run wrote to the state",
        undo,
        positionals=[RUN],
        options=[
            Option(("--dry-run",), "show what would be done, and do nothing"),
            Option(("--force",), "also keys that were changed since; what is not kept stays as it is"),
            output_option("table", *RECORDS),
        ],
        details=(
            "Like state undo with the id of the run, in the store and for the agent that the run had. Exit\n"
            "code 5 if a key was changed again since, 3 if the run wrote nothing, 9 while it goes on. What\n"
            "a run did to files and machines stays. -o is how --dry-run prints its list."
        ),
        example="sloth-runner runs undo 3f2a --dry-run\nsloth-runner runs undo 3f2a",
    ),
    Command(
        ("runs", "stop"),
        "stop a run that goes on, and wait for its end",
        stop,
        positionals=[Positional("id", "ID", RUN.help, complete="going runs")],
        options=[Option(("--kill",), "kill its commands at once, without their grace")],
        details=(
            "As Ctrl-C does where the run was started: commands get one SIGTERM, and SIGKILL after the\n"
            "grace. A run that has ended is no error. Ctrl-C ends the waiting only."
        ),
        example="sloth-runner runs stop 3f2a\nsloth-runner runs stop 3f2a --kill",
    ),
    Command(
        ("runs", "forget"),
        "remove what is kept of runs, after asking",
        forget,
        positionals=[Positional("ids", "ID", RUN.help, count="+", complete="runs")],
        options=[YES],
        details=(
            "Their output and records are removed; what they changed stays, and so does the log. All of\n"
            "them go or, when one is not kept or goes on, none. Without a terminal --yes is needed."
        ),
        example="sloth-runner runs forget 3f2a\nsloth-runner runs forget 3f2a 91c0 --yes",
    ),
)
