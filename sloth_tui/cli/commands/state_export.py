"""``state export``: write the entries of an agent as a file."""

from __future__ import annotations

from functools import partial

from sloth_tui.cli.commands import reading
from sloth_tui.cli.output.diagnostics import tell, warn
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, output_option, utf8
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.exchange.destination import Destination
from sloth_tui.exchange.exporting import FORMATS, Exported, Request, check, export
from sloth_tui.exchange.source import STANDARD
from sloth_tui.text import display_text, format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.port import Store


def export_state(arguments: Arguments, out: Output) -> int:
    path = arguments.file
    request = check(
        Request(arguments.output, arguments.prefix, arguments.history, tuple(arguments.map or ()))
    )
    if path in (None, STANDARD):
        if arguments.force:
            raise UsageError("--force is for a file", hint="name one")
        out.check_open("name a file to write to")
        with reading(arguments) as store:
            done = export(store, request, _to(out))
        out.deliver()
    else:
        with reading(arguments) as store, Destination(path, force=arguments.force) as destination:
            done = _watched(store, request, destination.write)
    _report(done, request, path or STANDARD)
    return ExitCode.OK


def _watched(store: Store, request: Request, write: Callable[[bytes], object]) -> Exported:
    with ProgressLine(partial(bar, "exporting")) as progress:
        return export(store, request, write, progress)


def _to(out: Output) -> Callable[[bytes], object]:
    if not out.terminal:
        return out.exact
    return lambda data: out.people(display_text(data, lines=True))


def _report(done: Exported, request: Request, path: str) -> None:
    if done.secrets:
        noun = "value that is" if done.secrets == 1 else "values that are"
        warn(f"the export shows {done.secrets:,} {noun} kept out of history as a secret")
    if done.bytes and request.form == "json":
        warn(f"{format_count(done.bytes, 'value')} of bytes: JSON tells them from nothing else; jsonl does")
    if path != STANDARD:
        entries = format_count(done.entries, "entry", "entries")
        revisions = "" if done.revisions is None else f" and {format_count(done.revisions, 'revision')}"
        tell(f"exported {entries}{revisions} to {path}")


def replacement(word: str) -> tuple[str, str]:
    """Return what ``OLD=NEW`` replaces by what. Raises ValueError."""
    old, sign, new = word.partition("=")
    if not sign or not old:
        raise ValueError(f"'{word}' is not OLD=NEW, such as :=__")
    return old, new


COMMANDS = (
    Command(
        ("state", "export"),
        "write an agent's entries as a file",
        export_state,
        positionals=[
            Positional("file", "FILE", "where to; default, and -, is stdout", count="?", complete="files")
        ],
        options=[
            Option(
                ("-p", "--prefix"),
                "only keys that begin with P, taken literally",
                metavar="P",
                default="",
                convert=utf8,
                complete="keys",
            ),
            Option(("--history",), "with all revisions and change sets; in jsonl, of all keys"),
            Option(("--force",), "replace FILE if it exists"),
            Option(
                ("--map",),
                "in names of -o env, NEW for each OLD, such as :=__; repeatable",
                metavar="OLD=NEW",
                convert=replacement,
                repeated=True,
            ),
            *WHOSE,
            output_option(*FORMATS),
        ],
        details=(
            "All entries are as of one moment, in key order; others can write meanwhile. jsonl holds every\n"
            "entry as it is, with its type, and a checksum: state import tells a file that was cut or\n"
            "changed. json is one object, csv has key, value and type, env takes keys that are names of\n"
            "variables. A FILE is there as a whole or not at all, and only its owner can read it; a name\n"
            "that ends in .gz makes it compressed. Locks are not exported. Values are not hidden, those\n"
            "of secrets neither."
        ),
        example=(
            "sloth-runner state export backup.jsonl.gz --history\n"
            "sloth-runner state export --prefix app: -o env --map :=_ > app.env\n"
            "sloth-runner state export | ssh host sloth-runner state import -"
        ),
    ),
)
