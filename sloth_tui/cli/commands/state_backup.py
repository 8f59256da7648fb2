"""``state backup`` and ``state restore``: save what an agent has in a file, and bring it back."""

from __future__ import annotations

import os
import time
from functools import partial

from sloth_tui.cli.commands import agent_of, reading
from sloth_tui.cli.output.diagnostics import confirm, tell, warn
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    YES,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
)
from sloth_tui.errors import AgentNotFound, DatabaseDamaged, ExitCode, UsageError
from sloth_tui.origin import this_process
from sloth_tui.store.backups import count_entries, find_backup, list_backups, restore, save
from sloth_tui.text import format_age, format_count, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Backup, Restored

_FIELDS = ("saved", "size", "before", "file")


def back_up(arguments: Arguments, out: Output) -> int:
    if arguments.list:
        if arguments.file is not None:
            raise UsageError("FILE and --list exclude each other", hint="give one of them")
        return _list(arguments, out)
    with ProgressLine(partial(bar, "saving")) as progress:
        path = save(agent_of(arguments), arguments.file, address=arguments.address(), progress=progress)
    out.line(path)
    return ExitCode.OK


def _list(arguments: Arguments, out: Output) -> int:
    backups = list_backups(agent_of(arguments))
    if arguments.output == "table":
        from sloth_tui.cli.output import columns, tables

        fields = [
            columns.moment("SAVED"),
            columns.size("SIZE"),
            columns.word("BEFORE"),
            columns.text("FILE"),
        ]
        rows = ((backup.at, backup.size, backup.reason or "-", _name_of(backup)) for backup in backups)
        tables.write_rows(fields, rows, out)
    else:
        from sloth_tui.cli.output.formats import write_records

        records = (_record(backup) for backup in backups)
        write_records(_FIELDS, records, arguments.output, out)
    return ExitCode.OK


def _record(backup: Backup) -> dict[str, object]:
    return dict(zip(_FIELDS, (timestamp(backup.at), backup.size, backup.reason, backup.path), strict=True))


def _name_of(backup: Backup) -> str:
    return os.path.basename(backup.path)


def bring_back(arguments: Arguments, out: Output) -> int:
    path, agent = find_backup(arguments.file), agent_of(arguments)
    entries = format_count(count_entries(path), "key")
    saved = format_age(os.stat(path).st_mtime, time.time())
    confirm(
        f"restore agent '{agent}'",
        f", {_now(arguments)} by {entries} of {path}, saved {saved}",
        yes=arguments.yes,
    )
    with ProgressLine(partial(bar, "restoring")) as progress:
        done = restore(
            agent,
            path,
            address=arguments.address(),
            origin=this_process("sloth-runner", f"restore {os.path.basename(path)}"),
            settings=arguments.settings,
            progress=progress,
        )
    if not done.verified:
        warn(f"{path}: it is sound, but has no checksum beside it to tell whether it is as it was saved")
    if done.kept is not None:
        warn(f"the damaged database is kept: {done.kept}")
    tell(_told(agent, done))
    return ExitCode.OK


def _now(arguments: Arguments) -> str:
    """Return what is replaced, in words."""
    try:
        with reading(arguments) as store:
            return f"replacing its {format_count(store.count(), 'key')}"
    except AgentNotFound:
        return "which is new,"
    except DatabaseDamaged:
        return "replacing its damaged database"


def _told(agent: str, done: Restored) -> str:
    entries = format_count(done.entries, "key")
    if done.history:
        text = f"agent '{agent}' has {entries} now, and the history of the backup"
    else:
        text = (
            f"agent '{agent}' has {entries} now: set {done.changed:,} and deleted {done.removed:,}, "
            "as one change, which state undo takes back"
        )
    return text if done.saved is None else f"{text}; saved before: {done.saved}"


COMMANDS = (
    Command(
        ("state", "backup"),
        "save all that an agent has in a file",
        back_up,
        positionals=[
            Positional(
                "file",
                "FILE",
                "the new file; default: one named by agent and time in the directory for backups",
                count="?",
                complete="files",
            )
        ],
        options=[
            *WHOSE,
            Option(("--list",), "list the agent's backups in that directory, newest first"),
            output_option("table", *RECORDS),
        ],
        details=(
            "Prints the path. Others can write meanwhile: what is saved is the state of one moment, with\n"
            "its history. The file is a database, whatever the store. It is read back before it gets its\n"
            "name, and its SHA-256 is beside it, as sha256sum -c reads it. A backup is also made before\n"
            "everything is cleared or rolled back, before a restore, before a database is upgraded, and of\n"
            "an agent that is removed; the last of these are kept (backups.keep in config.toml). -o is how\n"
            "--list prints."
        ),
        example="sloth-runner state backup\nsloth-runner state backup /mnt/disk/web.db --agent web",
    ),
    Command(
        ("state", "restore"),
        "make an agent's state what it is in a backup, after asking",
        bring_back,
        positionals=[
            Positional(
                "file",
                "FILE",
                "a backup: its path, or its name in the directory for backups",
                complete="files",
            )
        ],
        options=[*WHOSE, YES],
        details=(
            "The backup may be of another agent. An agent without state gets all of it, with its history.\n"
            "In any other one the entries become those of the backup as one change, which state undo takes\n"
            "back and which running programs see like any other; its history and locks go on. A damaged\n"
            "database is replaced as a whole, and kept. A backup of what is there is made first. Without a\n"
            "terminal --yes is needed."
        ),
        example=(
            "sloth-runner state restore local-20260131T140000Z.db\n"
            "sloth-runner state restore /mnt/disk/web.db --agent web-2 --yes"
        ),
    ),
)
