"""``hosts``: list the hosts and groups of ``config.toml``, and ask whether they answer."""

from __future__ import annotations

from sloth_tui.cli.output import columns, tables
from sloth_tui.cli.output.formats import write_records
from sloth_tui.cli.parsing.spec import RECORDS, Arguments, Command, Option, output_option
from sloth_tui.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.settings import Settings

_FIELDS = ("name", "ssh", "become", "cwd", "env", "groups", "answers", "problem", "hint")


def list_hosts(arguments: Arguments, out: Output) -> int:
    settings = arguments.settings()
    names = sorted({*settings.hosts, *(host for group in settings.groups.values() for host in group)})
    answers = _ask(names, settings) if arguments.check else {}
    records = [_record(name, settings, answers) for name in names]
    if arguments.output == "keys":
        for name in names:
            out.line(name)
    elif arguments.output == "table":
        _write_table(records, out, check=arguments.check)
    else:
        write_records(_FIELDS, records, arguments.output, out)
    silent = any(record["answers"] is False for record in records)
    return ExitCode.TASK_FAILED if silent else ExitCode.OK


def _ask(names: list[str], settings: Settings) -> dict[str, tuple[bool, str | None, str | None]]:
    from sloth_tui.runner.hosts.reachability import ask_all

    return {found.name: found[1:] for found in ask_all(names, lambda: settings.hosts)}


def _record(
    name: str, settings: Settings, answers: dict[str, tuple[bool, str | None, str | None]]
) -> dict[str, Any]:
    host = settings.hosts.get(name)
    answer, problem, hint = answers.get(name, (None, None, None))
    return {
        "name": name,
        "ssh": (host.ssh if host else None) or name,
        "become": host.become if host else None,
        "cwd": host.cwd if host else None,
        "env": sorted(host.env) if host else [],
        "groups": [group for group, hosts in settings.groups.items() if name in hosts],
        "answers": answer,
        "problem": problem,
        "hint": hint,
    }


def _write_table(records: list[dict[str, Any]], out: Output, *, check: bool) -> None:
    if check and out.terminal:
        _draw_answers(records, out)
        return
    fields = [columns.text("HOST"), columns.text("SSH"), columns.text("BECOME"), columns.text("GROUPS")]
    if check:
        fields += [columns.word("ANSWERS"), columns.text("PROBLEM")]
    tables.write_rows(fields, (_row(record)[: len(fields)] for record in records), out)


def _draw_answers(records: list[dict[str, Any]], out: Output) -> None:
    """Draw what is asked for first, so that a narrow terminal shows it, and the whole problems below."""
    from sloth_tui.text import display_text

    fields = [
        columns.text("HOST"),
        columns.word("ANSWERS"),
        columns.text("SSH"),
        columns.word("BECOME"),
        columns.text("GROUPS"),
    ]
    rows = (_row(record) for record in records)
    shown = ((name, answers, ssh, become, groups) for name, ssh, become, groups, answers, _ in rows)
    tables.write_rows(fields, shown, out)
    silent = [record for record in records if record["problem"] is not None]
    if silent:
        out.people("\n")
    for record in silent:
        name, problem = record["name"], record["problem"]
        out.people(display_text(problem if f"'{name}'" in problem else f"{name}: {problem}") + "\n")
        if record["hint"] is not None:
            out.people(display_text(f"  hint: {record['hint']}") + "\n")


def _row(record: dict[str, Any]) -> tuple[str, str, str, str, str, str]:
    return (
        record["name"],
        record["ssh"],
        record["become"] or "",
        ", ".join(record["groups"]),
        "yes" if record["answers"] else "no",
        record["problem"] or "",
    )


COMMANDS = (
    Command(
        ("hosts",),
        "list the hosts and groups of config.toml, and whether they answer",
        list_hosts,
        options=[
            Option(("--check",), "connect to each; exit code 20 if one does not answer"),
            output_option("table", *RECORDS, "keys"),
        ],
        details="A task reaches other hosts, too: what its delegate_to names is given to ssh.",
        example="sloth-runner hosts --check\nsloth-runner hosts --check -o json",
    ),
)
