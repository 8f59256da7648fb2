"""``state copy`` and ``state move``: to other keys, another agent or another store."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

from sloth_tui.cli.commands import reading, warn_once, writing
from sloth_tui.cli.output.diagnostics import tell
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, output_option, utf8
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.origin import this_process
from sloth_tui.store import open_store, transfer
from sloth_tui.store.address import checked
from sloth_tui.store.relocation import RULES, Place, Relocated, is_same_store, relocate, remove_copied
from sloth_tui.text import format_count
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.port import Store


def copy(arguments: Arguments, out: Output) -> int:
    return _relocate(arguments, out, moving=False)


def move(arguments: Arguments, out: Output) -> int:
    return _relocate(arguments, out, moving=True)


def _relocate(arguments: Arguments, out: Output, *, moving: bool) -> int:
    place = _place(arguments)
    verb = "move" if moving else "copy"
    with _stores(arguments, place, verb) as (source, target):
        revisions = None
        with ProgressLine(partial(bar, "moving" if moving else "copying")) as progress:
            if source is not target and place == Place("", "", True):
                done, revisions = _everything(source, target, arguments, moving, progress)
            else:
                done = relocate(source, target, place, arguments.on_conflict, progress, moving=moving)
        if arguments.output == "json":
            out.json(pretty(_record(done, revisions, source, target, place)) + "\n")
        else:
            tell(_words(done, revisions, source, target, place, moving=moving))
    return ExitCode.OK


def _place(arguments: Arguments) -> Place:
    elsewhere = arguments.to_agent is not None or arguments.to_store is not None
    if arguments.target is None and not elsewhere:
        raise UsageError("DST is needed unless --to-agent or --to-store is given", hint="where is it to be?")
    target = arguments.source if arguments.target is None else arguments.target
    if not arguments.prefix and not (arguments.source and target):
        raise UsageError(
            "a key must not be empty", hint="--prefix takes SRC and DST for what keys begin with"
        )
    return Place(arguments.source, target, arguments.prefix)


@contextmanager
def _stores(arguments: Arguments, place: Place, verb: str) -> Iterator[tuple[Store, Store]]:
    """Open source and target: one handle for both if they are the same state."""
    if arguments.to_store is not None:
        checked(arguments.to_store)
    words = f"{'--prefix ' if place.prefix else ''}'{place.source}'"
    opened = writing(arguments, f"{verb} {words}") if verb == "move" else reading(arguments)
    with opened as source:
        agent = arguments.to_agent or source.agent
        address = arguments.to_store or arguments.address()
        with open_store(
            agent,
            "write",
            address=address,
            origin=this_process("sloth-runner", f"{verb} {words} from {source.location}"),
            settings=arguments.settings,
        ) as target:
            if not is_same_store(source, target):
                warn_once(target.warning())
                yield source, target
            elif place.source == place.target:
                raise UsageError(
                    f"{target.location}: agent '{target.agent}' cannot be {_DONE[verb]} to itself",
                    hint="name another store, another agent with --to-agent, or other keys",
                )
            else:
                target.set_origin(this_process("sloth-runner", f"{verb} {words} to '{place.target}'"))
                yield target, target


def _everything(
    source: Store, target: Store, arguments: Arguments, moving: bool, progress: ProgressLine
) -> tuple[Relocated, int | None]:
    """Copy an agent's whole state, with its history if the target has none."""
    place = Place("", "", True)

    def merged() -> transfer.Transferred:
        done = relocate(source, target, place, arguments.on_conflict, progress, moving=moving)
        found.append(done)
        return transfer.Transferred(done.entries, done.changed, None)

    found: list[Relocated] = []
    if not source.revision() and not source.count():
        return Relocated(0, 0, 0, 0), None
    done = transfer.move(source, target, progress, merged)
    if found:
        return found[0], None
    removed = remove_copied(source, target) if moving else 0
    return Relocated(done.entries, done.entries, 0, removed), done.revisions


def _record(
    done: Relocated, revisions: int | None, source: Store, target: Store, place: Place
) -> dict[str, Any]:
    return {
        "agent": source.agent,
        "store": source.location,
        "to_agent": target.agent,
        "to_store": target.location,
        "prefix": place.source if place.prefix else None,
        "key": None if place.prefix else place.source,
        "to": place.target,
        **done._asdict(),
        "revisions": revisions,
    }


def _words(
    done: Relocated, revisions: int | None, source: Store, target: Store, place: Place, *, moving: bool
) -> str:
    if not done.entries:
        return f"nothing to {'move' if moving else 'copy'}"
    entries = format_count(done.entries, "entry", "entries")
    taken = entries if not done.kept else f"{done.entries - done.kept:,} of {entries}"
    verb = "moved" if moving else "copied"
    if source is target:
        return f"{verb} {taken} to '{place.target}'"
    where = f"agent '{target.agent}' at {target.location}"
    if revisions is not None:
        return f"{verb} {entries} and {format_count(revisions, 'revision')} to {where}"
    if moving:
        return f"moved {taken} to {where}, as one change set without their history"
    if not done.changed and not done.kept:
        return f"{where} has all {entries} already; nothing was changed"
    return (
        f"set {done.changed:,} of {entries} in {where}, as one change set without their history; "
        "what else it has stays"
    )


_DONE = {"copy": "copied", "move": "moved"}
_OPTIONS = [
    Option(
        ("-p", "--prefix"),
        "all keys that begin with SRC, taken literally; DST takes its place; '' is everything",
    ),
    Option(("--to-agent",), "to which agent; default: the same one", metavar="NAME"),
    Option(
        ("--to-store",), "to which store; files is this machine; default: the same one", metavar="ADDRESS"
    ),
    Option(
        ("--on-conflict",),
        "of a key with another value there: fail, keep or overwrite it; default: fail",
        metavar="RULE",
        default=RULES[0],
        choices=RULES,
    ),
    *WHOSE,
    output_option("text", "json"),
]
_POSITIONALS = [
    Positional("source", "SRC", "a key; with --prefix, what keys begin with", convert=utf8, complete="keys"),
    Positional(
        "target",
        "DST",
        "the new key or beginning; default, with --to-agent or --to-store: SRC",
        count="?",
        convert=utf8,
        complete="keys",
    ),
]

COMMANDS = (
    Command(
        ("state", "copy"),
        "copy entries to other keys, to another agent or to another store",
        copy,
        positionals=_POSITIONALS,
        options=_OPTIONS,
        details=(
            "It is one change set. An entry that is there with another value is exit code 5, and nothing\n"
            "is changed, unless --on-conflict says what to do; one with the same value is no conflict. A\n"
            "copy has no time to live; what is marked as a secret stays one. With --prefix '' an agent\n"
            "without state there gets everything but the locks: entries with all their times and revisions,\n"
            "history, change sets to undo. It is there as a whole or, when the copy is broken off, not at\n"
            "all; the same command then begins anew. In json revisions is null if no history was copied."
        ),
        example=(
            "sloth-runner state copy deployment:version deployment:previous\n"
            "sloth-runner state copy --prefix staging: production: --on-conflict overwrite\n"
            "sloth-runner state copy --prefix deploy: --to-agent production\n"
            "sloth-runner state copy --prefix '' --to-store etcd://db1,db2,db3/shop\n"
            "sloth-runner state copy --prefix '' --store etcd://db1/shop --to-store files --to-agent saved"
        ),
    ),
    Command(
        ("state", "move"),
        "move entries to other keys, to another agent or to another store",
        move,
        positionals=_POSITIONALS,
        options=_OPTIONS,
        details=(
            "As state copy, and the originals are deleted; a time to live moves along. Within one agent\n"
            "it is one change set, before or after, whatever happens. Between two the copies are made\n"
            "first, and the originals deleted if they are still the same: broken off, both are there, and\n"
            "the same command does the rest. state undo takes it back, in each of the two."
        ),
        example=(
            "sloth-runner state move deployment:versoin deployment:version\n"
            "sloth-runner state move --prefix web1: hosts:web1:\n"
            "sloth-runner state move --prefix tmp: --to-agent scratch"
        ),
    ),
)
