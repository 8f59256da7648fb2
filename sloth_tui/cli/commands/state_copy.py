"""``state copy``: copy what an agent has into another store."""

from __future__ import annotations

from functools import partial

from sloth_tui.cli.commands import reading, warn_once
from sloth_tui.cli.output.diagnostics import tell
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, output_option, utf8
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.origin import this_process
from sloth_tui.store import open_store
from sloth_tui.store.address import checked
from sloth_tui.store.transfer import Transferred, merge, move
from sloth_tui.text import format_count
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.port import Store


def copy(arguments: Arguments, out: Output) -> int:
    checked(arguments.to_store)
    with reading(arguments) as source:
        title = f"copy --prefix '{arguments.prefix}' from {source.location}"
        with open_store(
            arguments.to_agent or source.agent,
            "write",
            address=arguments.to_store,
            origin=this_process("sloth-runner", title),
            settings=arguments.settings,
        ) as target:
            if (source.backend, source.location, source.agent) == (
                target.backend,
                target.location,
                target.agent,
            ):
                raise UsageError(
                    f"{target.location}: agent '{target.agent}' cannot be copied to itself",
                    hint="name another store, or another agent with --to-agent",
                )
            warn_once(target.warning())
            done = _copy(source, target, arguments.prefix)
            _report(done, source, target, arguments, out)
    return ExitCode.OK


def _copy(source: Store, target: Store, prefix: str) -> Transferred:
    with ProgressLine(partial(bar, "copying")) as progress:
        if prefix:
            return (
                merge(source, target, prefix, progress) if source.count(prefix) else Transferred(0, 0, None)
            )
        if not source.revision() and not source.count():
            return Transferred(0, 0, None)
        return move(source, target, progress)


def _report(done: Transferred, source: Store, target: Store, arguments: Arguments, out: Output) -> None:
    if arguments.output == "json":
        record = {
            "agent": source.agent,
            "store": source.location,
            "to_agent": target.agent,
            "to_store": target.location,
            "prefix": arguments.prefix,
            **done._asdict(),
        }
        out.json(pretty(record) + "\n")
        return
    entries = format_count(done.entries, "entry", "entries")
    where = f"agent '{target.agent}' at {target.location}"
    if done.revisions is not None:
        tell(f"copied {entries} and {format_count(done.revisions, 'revision')} to {where}")
    elif not done.entries:
        tell("nothing to copy")
    elif not done.changed:
        tell(f"{where} has all {entries} already; nothing was changed")
    else:
        tell(
            f"set {done.changed:,} of {entries} in {where}, as one change set without their history; "
            "what else it has stays"
        )


COMMANDS = (
    Command(
        ("state", "copy"),
        "copy an agent's state to another store",
        copy,
        options=[
            Option(
                ("-p", "--prefix"),
                "only keys that begin with P, taken literally; '' is everything",
                metavar="P",
                convert=utf8,
                required=True,
                complete="keys",
            ),
            Option(
                ("--to-store",),
                "where to; files is this machine",
                metavar="ADDRESS",
                required=True,
            ),
            Option(("--to-agent",), "to which agent; default: the same name", metavar="NAME"),
            *WHOSE,
            output_option("text", "json"),
        ],
        details=(
            "With --prefix '' an agent without state there gets everything but the locks: entries with\n"
            "their times and revisions, history, change sets to undo, what is a secret. It is there as a\n"
            "whole or, when the copy is broken off, not at all; the same command then begins anew. Into\n"
            "state that is there already, or with a prefix, the entries are copied as one change set:\n"
            "those that differ are set and the others stay. Run once more, it changes nothing. Others can\n"
            "write to the source meanwhile: what is copied is the state of one moment. In json revisions\n"
            "is null if no history was copied."
        ),
        example=(
            "sloth-runner state copy --prefix '' --to-store etcd://db1,db2,db3/shop\n"
            "sloth-runner state copy --prefix '' --store etcd://db1/shop --to-store files --to-agent saved"
        ),
    ),
)
