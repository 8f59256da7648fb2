"""The parts of the manual that are drawn from the code. ``python -m tests.docs`` writes them into it."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.spec import COMMAND
from sloth_tui.errors import UsageError
from sloth_tui.runner.events import KINDS
from sloth_tui.runner.inputs import assign
from sloth_tui.tui.actions import ALL_ACTIONS, shown_key

ROOT = pathlib.Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
"""What users read: the README and the manual."""
PROJECT_PAGES = (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")
"""What those read who change the program."""
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (*PAGES, *PROJECT_PAGES)}
MANUAL = [path.relative_to(ROOT).as_posix() for path in PAGES]


def commands() -> str:
    """Every command with its arguments and options."""
    rows = ["| command | what it does |", "|---|---|"]
    for path in registry.paths():
        command = registry.load(path)
        options = [
            ("{}" if option.required else "[{}]").format(
                option.flags[-1] + ("" if option.metavar is None else " " + option.metavar)
            )
            for option in command.options
            if option.name not in ("agent", "store", "debug")
        ]
        line = " ".join([*path, *command.placeholders(), *options, *command.placeholders(COMMAND)]).replace(
            "|", "\\|"
        )
        rows.append(f"| `{line}` | {command.summary} |")
    return "\n".join(rows)


def options() -> str:
    """Every option, in the order of the alphabet, with the commands that take it."""
    takers: dict[tuple[str, str], list[str]] = {}
    every = registry.paths()
    for path in every:
        for option in registry.load(path).options:
            shown = ", ".join(option.flags) + ("" if option.metavar is None else f" {option.metavar}")
            takers.setdefault((shown, option.help), []).append(" ".join(path))
    rows = ["| option | of | what it says |", "|---|---|---|"]
    for (shown, meaning), paths in sorted(takers.items(), key=lambda item: item[0][0].split("--")[-1]):
        others = [path for path in map(" ".join, every) if path not in paths]
        if len(others) < len(paths):
            whose = "every command" + ("" if not others else " but " + _listed(others))
        else:
            whose = _listed(paths)
        rows.append(f"| `{shown}` | {whose} | {meaning} |")
    return "\n".join(rows)


def _listed(paths: list[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def keys() -> str:
    """Every action that has a key, by group."""
    groups: dict[str, list[str]] = {}
    for action in ALL_ACTIONS:
        if action.key:
            shown = ", ".join(f"`{shown_key(key)}`" for key in action.key.split(","))
            row = f"| {shown} | {action.help} | `{action.id}` |".replace("`|`", "`\\|`")
            groups.setdefault(action.group, []).append(row)
    heading = "| key | what it does | name |\n|---|---|---|\n"
    return "\n\n".join(f"**{group}**\n\n{heading}" + "\n".join(rows) for group, rows in groups.items())


SET_TEXTS = (
    "8080",
    "-7",
    "0.5",
    "1e3",
    "0x1F",
    "0o17",
    "0123456",
    "1_000",
    "18446744073709551557",
    "true",
    "FALSE",
    "yes",
    "null",
    "~",
    "",
    "12:30",
    "2024-05-01",
    "abc #1",
    "note: this",
    "[a, b]",
    "'8'",
    ".inf",
)


def scalars() -> str:
    """What ``--set`` makes of some texts."""
    rows = ["| `--set 'v=...'` | `values.v` |", "|---|---|"]
    for text in SET_TEXTS:
        values: dict[str, object] = {}
        try:
            assign(values, f"v={text}")
        except UsageError as error:
            shown = "refused: " + error.message.partition("': ")[2]
        else:
            value = values["v"]
            kind = {str: "text", bool: "boolean", int: "integer", float: "float"}.get(type(value), "null")
            shown = "`json.null`" if value is None else f"{kind} `{json.dumps(value)}`"
        rows.append(f"| `{text or ' '}` | {shown} |")
    return "\n".join(rows)


def events() -> str:
    """Every event of a run, with its fields."""
    rows = ["| event | what happened | fields |", "|---|---|---|"]
    for name, kind in KINDS.items():
        happened = " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
        rows.append(f"| `{name}` | {happened} | {_listed(list(kind._fields))} |")
    return "\n".join(rows)


DRAWN = {"commands": commands, "options": options, "keys": keys, "scalars": scalars, "events": events}


def redrawn(text: str) -> str:
    """A page with its drawn parts as the code has them now. Raises ValueError for a part without an end."""
    for name, draw in DRAWN.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        if (text.count(begin), text.count(end)) == (0, 0):
            continue
        before, _, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not ended or begin in after or end in after:
            raise ValueError(f"wants one begin and one end of the part '{name}'")
        text = f"{before}{begin}\n{draw()}\n\n{end}{after}"
    return text


class Block(NamedTuple):
    """A fenced block of a page."""

    mark: str
    """The comment in the line before it: ``runnable``, ``file: NAME``, or nothing."""
    language: str
    text: str


def blocks(text: str, language: str) -> list[Block]:
    fence = re.compile(r"^(?:<!-- ([^\n]+) -->\n)?```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    found = [Block(mark, kind, body) for mark, kind, body in fence.findall(text)]
    assert len(found) * 2 == len(re.findall(r"^```", text, re.MULTILINE))
    return [block for block in found if block.language == language]


def without_blocks(text: str) -> str:
    return re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def section(text: str, title: str) -> str:
    match = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", text, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def anchors(text: str) -> set[str]:
    """What a code host calls the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number, unique = 0, name
        while unique in found:
            number += 1
            unique = f"{name}-{number}"
        found.add(unique)
    return found


def links(text: str) -> list[str]:
    plain = re.sub(r"`[^`\n]*`", "", without_blocks(text))
    return re.findall(r"\]\(([^)\s]+)\)", plain)


def run_shell(text: str, directory: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Run ``text`` in ``directory`` until the first command that fails, with our two commands on the PATH."""
    return subprocess.run(
        ["/bin/sh", "-e", "-c", text],
        capture_output=True,
        text=True,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{our_commands(directory)}{os.pathsep}{os.environ['PATH']}"},
    )


def our_commands(directory: pathlib.Path) -> pathlib.Path:
    """Return a directory below ``directory`` that has our two commands."""
    programs = directory / ".bin"
    if not programs.exists():
        programs.mkdir()
        for name in ("sloth-runner", "sloth-tui"):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sloth_tui "$@"\n')
            (programs / name).chmod(0o755)
    return programs


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(redrawn(page.read_text("utf-8")), "utf-8")
