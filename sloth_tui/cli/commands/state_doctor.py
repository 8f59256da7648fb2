"""``state doctor``: examine an agent's store, and rescue what can be read of a damaged one."""

from __future__ import annotations

from functools import partial

from sloth_tui.cli.commands import agent_of
from sloth_tui.cli.output.diagnostics import confirm, tell, warn
from sloth_tui.cli.output.progress import ProgressLine, bar
from sloth_tui.cli.parsing.spec import WHOSE, YES, Arguments, Command, Option, output_option
from sloth_tui.errors import ExitCode, Refused
from sloth_tui.store.doctor import examine, rescue, take_repaired
from sloth_tui.text import display_text, format_count
from sloth_tui.values.render import pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Examined, RepairReport

_SHOWN = 20


def doctor(arguments: Arguments, out: Output) -> int:
    agent = agent_of(arguments)
    found = examine(agent, full=arguments.full or arguments.repair, address=arguments.address())
    if arguments.repair and not found.healthy:
        return _repair(agent, found, arguments, out)
    if arguments.output == "json":
        out.json(pretty(_record(found)) + "\n")
    else:
        _show(found, out)
    if arguments.repair:
        tell("nothing is damaged, so nothing was repaired")
    return ExitCode.OK if found.healthy else ExitCode.DATABASE_UNUSABLE


def _repair(agent: str, found: Examined, arguments: Arguments, out: Output) -> int:
    with ProgressLine(partial(bar, "reading pages")) as progress:
        report = rescue(agent, address=arguments.address(), progress=progress)
    kept = None
    if arguments.output == "text":
        _show_report(report, out)
        out.flush()
    entries = format_count(report.entries, "key")
    try:
        deed = f"replace the damaged database of agent '{agent}'"
        confirm(deed, f" by the repaired one of {entries}; it is kept", yes=arguments.yes)
        kept = take_repaired(agent, report)
    except Refused as error:
        raise Refused(
            error.message, hint=f"the repaired one is {report.repaired}; --yes puts it in its place"
        ) from error
    finally:
        if arguments.output == "json":
            out.json(pretty({**_record(found), "repair": _repair_record(report, kept)}) + "\n")
    warn(f"the damaged database is kept: {kept}")
    tell(f"agent '{agent}' has {entries} now")
    return ExitCode.OK


def _show(found: Examined, out: Output) -> None:
    width = max(len(check.name) for check in found.checks)
    for check in found.checks:
        out.people(f"{check.status:<7}  {check.name:<{width}}  {display_text(check.text)}\n")
        if check.hint is not None and check.status != "ok":
            out.people(f"{'':<7}  {'':<{width}}  {display_text(check.hint)}\n")


def _record(found: Examined) -> dict[str, object]:
    return {**found._asdict(), "checks": [check._asdict() for check in found.checks]}


def _repair_record(report: RepairReport, kept: str | None) -> dict[str, object]:
    recovered = [one._asdict() for one in report.recovered]
    return {**report._asdict(), "recovered": recovered, "lost": list(report.lost), "kept": kept}


def _show_report(report: RepairReport, out: Output) -> None:
    out.people(
        f"rescued {format_count(report.entries, 'key')} and {format_count(report.revisions, 'revision')} "
        f"from {format_count(report.pages, 'page')}, {report.logged_pages:,} of them in the log\n"
    )
    sources = _sources(report)
    width = max(len(f"{number:,}") for number, _ in sources)
    for number, words in sources:
        out.people(f"  {number:>{width},}  {words}\n")
    for one in report.recovered[:_SHOWN]:
        revision = "" if one.revision is None else f", revision {one.revision}"
        out.people(f"from the {one.source}{revision}: {display_text(one.key)}\n")
    for key in report.lost[:_SHOWN]:
        out.people(f"lost: {display_text(key)}\n")
    if max(len(report.recovered), len(report.lost)) > _SHOWN:
        out.people("and more: -o json names all\n")
    out.people("databases have no checksums: nothing tells of a damaged bit inside a value\n")


def _sources(report: RepairReport) -> list[tuple[int, str]]:
    """Return numbers of keys, and where they came from."""

    def count(source: str, *, current: bool) -> int:
        return sum(one.source == source and one.current is current for one in report.recovered)

    sources = [
        (report.from_pages, "from the pages of the table"),
        (count("backup", current=True), "from the backup, as last written"),
        (count("backup", current=False), "from the backup, older values"),
        (count("history", current=False), "from the history, older values"),
        (len(report.lost), "lost: their keys are known, and no value is left"),
        (report.doubtful, "in free pages, most likely old, left out"),
    ]
    return [sources[0], *((number, words) for number, words in sources[1:] if number)]


COMMANDS = (
    Command(
        ("state", "doctor"),
        "examine an agent's store; rescue what can be read of a damaged one",
        doctor,
        options=[
            *WHOSE,
            Option(("--full",), "also every index and value, and the newest backup: takes longer"),
            Option(("--repair",), "rescue what can be read, and put it in place after asking"),
            YES,
            output_option("text", "json"),
        ],
        details=(
            "Exit code 0: nothing is damaged, though there may be warnings; 7: something is. Nothing is\n"
            "changed without --repair. That reads the pages of the database and of its log one by one,\n"
            "whatever else is lost, and takes what is missing from the newest backup and from the history;\n"
            "older values are set as a change whose title says where they came from. The damaged database\n"
            "is kept as it is. No program may have it open. Without a terminal --yes is needed to put the\n"
            "repaired one in its place."
        ),
        example="sloth-runner state doctor --full\nsloth-runner state doctor --repair --agent web",
    ),
)
