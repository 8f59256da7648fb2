"""``state compact``: delete old history to free space."""

from __future__ import annotations

from sloth_tui.cli.commands import reading, writing
from sloth_tui.cli.output.diagnostics import tell
from sloth_tui.cli.output.progress import ProgressLine
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option
from sloth_tui.cli.parsing.when import moment, revision_of
from sloth_tui.errors import ExitCode, HistoryPruned
from sloth_tui.text import format_count, format_size
from sloth_tui.values.parse import revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.port import Store


def compact(arguments: Arguments, out: Output) -> int:
    with reading(arguments) as store:
        before = store.stats()
        if not before.revisions:
            tell("there is no history")
            return ExitCode.OK
    with writing(arguments, "compact") as store:
        forgotten = _forget(store, arguments)
        after = store.stats()
    freed = ""
    if before.file_size is not None and after.file_size is not None:
        freed = f", the file is {format_size(max(before.file_size - after.file_size, 0))} smaller"
    tell(
        f"forgot {format_count(forgotten, 'revision')}; history had {format_size(before.history_size)} "
        f"and has {format_size(after.history_size)}{freed}"
    )
    return ExitCode.OK


def _forget(store: Store, arguments: Arguments) -> int:
    keep, older = arguments.keep, arguments.older_than
    if keep is None and older is None:
        settings = arguments.settings()
        keep = settings.keep_revisions
        gone = store.prune(keep=keep, keep_deleted_days=settings.keep_deleted_days)
    else:
        gone = 0
    try:
        upto = None if older is None else revision_of(store, older)
    except HistoryPruned:
        upto = 0
    with ProgressLine(_words) as progress:
        return gone + store.compact(keep=keep or 0, upto=upto, progress=progress)


def _words(done: int, total: int) -> str:
    return f"forgetting {done:,} of {format_count(total, 'revision')}"


COMMANDS = (
    Command(
        ("state", "compact"),
        "forget old revisions to free space; what is there now stays",
        compact,
        options=[
            *WHOSE,
            Option(("--keep",), "keep the newest N revisions of each key", metavar="N", convert=revision),
            Option(
                ("--older-than",),
                "forget only what was written before: a revision, or a time like 30d",
                metavar="WHEN",
                convert=moment,
            ),
        ],
        details=(
            "With both, what is beyond N and that old goes; with neither, what the settings let go. Others\n"
            "can write meanwhile. What is forgotten cannot be undone or looked at any more; state stats\n"
            "tells from which revision on everything can."
        ),
        example="sloth-runner state compact --keep 10\nsloth-runner state compact --older-than 30d",
    ),
)
