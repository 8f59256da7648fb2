"""``state import``: set the entries that a file holds."""

from __future__ import annotations

import os
from functools import partial

from sloth_tui.cli.commands import reading, tell, writing
from sloth_tui.cli.interrupt import Heeded
from sloth_tui.cli.output.diagnostics import warn
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, output_option, utf8
from sloth_tui.errors import AgentNotFound, ExitCode, NotWritable
from sloth_tui.exchange.importing import Import, rule_of
from sloth_tui.exchange.sniffing import FORMATS
from sloth_tui.store.merge_rules import differs
from sloth_tui.store.parts import MERGE_RULES
from sloth_tui.text import display_text, format_count, format_size
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.importing import Planned
    from sloth_tui.store.parts import Merged
    from sloth_tui.store.port import Store

_SIGNS = (("added", "+"), ("changed", "~"), ("conflicting", "!"), ("removed", "-"))


def import_state(arguments: Arguments, out: Output) -> int:
    rule = rule_of(arguments.on_conflict, replace=arguments.replace)
    replace = arguments.prefix if arguments.replace else None
    with Heeded():  # what fills a pipe may take its time
        opened = Import(arguments.file, arguments.format, arguments.prefix)
    with opened as file:
        if arguments.dry_run:
            return _predict(arguments, file, rule, replace, out)
        with writing(arguments, f"import {file.name}") as store:
            _require_space(store, file)
            if replace == "":
                _save_first(arguments, store)
            done, restored = _carry_out(arguments, store, file, rule, replace)
    _warn(file.notes)
    if arguments.output == "json":
        revisions = file.revisions if restored else None
        out.json(pretty({**done._asdict(), **_left_out(file.notes), "revisions": revisions}) + "\n")
    else:
        _tell(done, file, restored=restored)
    return ExitCode.OK


def _carry_out(
    arguments: Arguments, store: Store, file: Import, rule: str, replace: str | None
) -> tuple[Merged, bool]:
    """Return what was done, and True if the history came along."""
    with ProgressLine(partial(bar, "importing")) as progress:
        if file.has_history and not arguments.prefix:
            restored = file.restore(store, progress)
            if restored is not None:
                return restored, True
            warn(f"agent '{store.agent}' has state already: the history in the file is not imported")
        return file.into(store, rule, replace, progress), False


def _predict(arguments: Arguments, file: Import, rule: str, replace: str | None, out: Output) -> int:
    with ProgressLine(partial(bar, "comparing")) as progress:
        planned = _planned(arguments, file, rule, replace, progress)
    _warn(file.notes)
    counts = {
        "added": len(planned.added),
        "changed": len(planned.changed),
        "same": planned.same,
        "conflicting": len(planned.conflicting),
        "removed": len(planned.removed),
        **_left_out(file.notes),
    }
    if arguments.output == "json":
        out.json(pretty({**counts, "revisions": None}) + "\n")
    else:
        for field, sign in _SIGNS:
            for key in getattr(planned, field):
                out.line(f"{sign} {display_text(key)}")
        out.line(", ".join(f"{count:,} {field.replace('_', ' ')}" for field, count in counts.items()))
    if rule == "fail" and planned.conflicting:
        raise differs(planned.conflicting, len(planned.conflicting))
    return ExitCode.OK


def _planned(
    arguments: Arguments, file: Import, rule: str, replace: str | None, progress: ProgressLine
) -> Planned:
    try:
        with reading(arguments) as store:
            return file.plan(store, rule, replace, progress)
    except AgentNotFound:
        # The import would create it.
        from sloth_tui.exchange.importing import Planned

        keys = [key for batch in file.batches() for key, *_ in batch.rows]
        shown = [key if isinstance(key, str) else key.decode("utf-8", "surrogateescape") for key in keys]
        return Planned(shown, [], 0, [], [])


def _save_first(arguments: Arguments, store: Store) -> None:
    """Write a backup: what is replaced is everything."""
    from sloth_tui.store.backups import back_up_first

    with ProgressLine(partial(bar, "saving")) as progress:
        saved = back_up_first(
            store.agent, "import", address=arguments.address(), settings=arguments.settings, progress=progress
        )
    if saved is not None:
        tell(f"saved what was there: {saved}")


def _require_space(store: Store, file: Import) -> None:
    """Raise NotWritable if the disk certainly has no room: entries are in the log first, then in the
    database."""
    if store.backend != "sqlite":
        return
    try:
        disk = os.statvfs(os.path.dirname(store.location))
    except OSError:
        return
    free = disk.f_bavail * disk.f_frsize
    if free < 2 * file.size:
        raise NotWritable(
            f"{store.location}: {format_size(free)} free on its disk, and the import needs "
            f"{format_size(2 * file.size)}",
            hint="nothing was changed",
        )


def _left_out(notes: Notes) -> dict[str, int]:
    return {"expired": notes.expired, "passed_over": notes.passed_over}


def _warn(notes: Notes) -> None:
    for warning in notes.warnings():
        warn(warning)
    if notes.expired:
        entries = format_count(notes.expired, "entry was", "entries were")
        warn(f"{entries} left out: the time to live is over")


def _tell(done: Merged, file: Import, *, restored: bool) -> None:
    words = [
        f"{count:,} {word}"
        for word, count in (
            ("added", done.added),
            ("changed", done.changed),
            ("same already", done.same),
            ("with another value, left as they are", done.conflicting),
            ("removed", done.removed),
        )
        if count
    ]
    what = ", ".join(words) or "nothing to import"
    history = f", with {format_count(file.revisions, 'revision')}" if restored else ""
    tell(f"imported {display_text(file.name)}: {what}{history}")


COMMANDS = (
    Command(
        ("state", "import"),
        "set the entries that a file holds, as one change",
        import_state,
        positionals=[Positional("file", "FILE", "what to import; - is stdin", complete="files")],
        options=[
            Option(
                ("--format",),
                f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; default: told by the content",
                metavar="F",
                choices=FORMATS,
            ),
            Option(("-n", "--dry-run"), "change nothing, and say what would change"),
            Option(
                ("--on-conflict",),
                "where a key has another value: fail, keep it, or overwrite it; default: fail",
                metavar="RULE",
                choices=MERGE_RULES,
            ),
            Option(("--replace",), "overwrite, and delete keys that FILE lacks: all, or those with --prefix"),
            Option(
                ("-p", "--prefix"),
                "only keys that begin with P, taken literally",
                metavar="P",
                default="",
                convert=utf8,
                complete="keys",
            ),
            *WHOSE,
            output_option("text", "json"),
        ],
        details=(
            "FILE may be what state export wrote, a JSON object, YAML, .env, CSV with a heading,\n"
            "what consul kv export or etcdctl get -w json wrote, a database of this\n"
            "program or of the original one, and any of them compressed by gzip. All of it is set as one\n"
            "change, which state undo takes back, or nothing is. A file with history restores that into an\n"
            "agent without state; elsewhere only its entries count. A file that is cut, changed or in no\n"
            "known format ends in exit code 7, a conflict in 5."
        ),
        example=(
            "sloth-runner state import backup.jsonl.gz --agent restored\n"
            "consul kv export app/ | sloth-runner state import - --dry-run\n"
            "sloth-runner state import .env --on-conflict overwrite"
        ),
    ),
)
