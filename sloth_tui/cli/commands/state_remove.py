"""``state delete`` and ``state clear``: delete entries. Both ask first, and name the number of keys."""

from __future__ import annotations

from sloth_tui.cli.commands import reading, writing
from sloth_tui.cli.output.diagnostics import confirm, tell
from sloth_tui.cli.parsing.spec import WHOSE, YES, Arguments, Command, Option, Positional, utf8
from sloth_tui.errors import Conflict, ExitCode, KeyNotFound
from sloth_tui.text import format_count, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output

_NAMED_KEYS = 5


def delete(arguments: Arguments, out: Output) -> int:
    keys = list(dict.fromkeys(arguments.keys))
    with reading(arguments) as store:
        agent = store.agent
        there = {key for key in keys if store.exists(key)}
        missing = [key for key in keys if key not in there]
        if missing and not arguments.ignore_missing:
            if len(keys) == 1:
                store.entry(keys[0])
            noun = "key" if len(missing) == 1 else "keys"
            raise KeyNotFound(
                f"no such {noun}: {_named(missing)}",
                hint="nothing was deleted; --ignore-missing deletes the others",
            )
    present = [key for key in keys if key in there]
    if not present:
        tell("nothing to delete")
        return ExitCode.OK
    confirm(f"delete {_counted(present)} of agent '{agent}'", f": {_named(present)}", yes=arguments.yes)
    with writing(arguments, f"delete {_named(present)}") as store:
        removed = store.delete_many(present)
    tell(f"deleted {format_count(removed, 'key')}")
    return ExitCode.OK


def clear(arguments: Arguments, out: Output) -> int:
    prefix = arguments.prefix
    with reading(arguments) as store:
        agent = store.agent
        count = store.count(prefix)
    if not count:
        tell("nothing to delete")
        return ExitCode.OK
    which = f" that begin with '{prefix}'" if prefix else ", everything there is"
    confirm(f"delete {format_count(count, 'key')} of agent '{agent}'", which, yes=arguments.yes)
    title = f"clear --prefix {prefix}" if prefix else "clear"
    if not prefix:
        from sloth_tui.store.backups import back_up_first

        back_up_first(agent, "clear", address=arguments.address(), settings=arguments.settings)
    with writing(arguments, title) as store, store.transaction():
        removed = store.delete_prefix(prefix)
        if removed != count and not arguments.yes:
            raise Conflict(
                f"there are {format_count(removed, 'key')} now, not {count:,}; nothing was deleted",
                hint="the state was changed while the question waited; try again",
            )
    tell(f"deleted {format_count(removed, 'key')}")
    return ExitCode.OK


def _counted(keys: list[str]) -> str:
    return format_count(len(keys), "key")


def _named(keys: list[str]) -> str:
    return listed(keys, _NAMED_KEYS)


COMMANDS = (
    Command(
        ("state", "delete"),
        "delete entries, after asking",
        delete,
        positionals=[Positional("keys", "KEY", "what to delete", count="+", convert=utf8, complete="keys")],
        options=[*WHOSE, YES, Option(("--ignore-missing",), "keys that do not exist are not an error")],
        details="All of them go or, when one is not there, none. Without a terminal --yes is needed.",
        example=(
            "sloth-runner state delete deployment:version\n"
            "sloth-runner state delete tmp:a tmp:b --ignore-missing --yes"
        ),
    ),
    Command(
        ("state", "clear"),
        "delete all entries, or all that begin with a prefix, after asking",
        clear,
        options=[
            *WHOSE,
            YES,
            Option(
                ("-p", "--prefix"),
                "only keys that begin with P, taken literally",
                metavar="P",
                default="",
                convert=utf8,
                complete="keys",
            ),
        ],
        details=("Without a terminal --yes is needed. Before everything is deleted, a backup is made."),
        example="sloth-runner state clear --prefix tmp:\nsloth-runner state clear --agent staging --yes",
    ),
)
