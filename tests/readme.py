"""The parts of the README that are drawn from the code. ``python -m tests.readme`` writes them into it."""

from __future__ import annotations

import json
import pathlib

from sloth_tui.cli.parsing import registry
from sloth_tui.errors import UsageError
from sloth_tui.runner.inputs import assign
from sloth_tui.tui.actions import ACTIONS, shown_key

README = pathlib.Path(__file__).parent.parent / "README.md"


def commands() -> str:
    """Every command with its arguments and options."""
    rows = ["| command | what it does |", "|---|---|"]
    for path in registry.paths():
        command = registry.load(path)
        places = [
            {"1": "{}", "?": "[{}]", "+": "{}..."}[place.count].format(place.metavar)
            for place in command.positionals
        ]
        options = [
            ("{}" if option.required else "[{}]").format(
                " ".join(filter(None, (option.flags[-1], option.metavar)))
            )
            for option in command.options
            if option.name not in ("agent", "debug")
        ]
        line = " ".join([*path, *places, *options]).replace("|", "\\|")
        rows.append(f"| `{line}` | {command.summary} |")
    return "\n".join(rows)


def keys() -> str:
    """Every action that has a key, by group."""
    groups: dict[str, list[str]] = {}
    for action in ACTIONS:
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


DRAWN = {"commands": commands, "keys": keys, "scalars": scalars}


def redrawn(text: str) -> str:
    """``text`` with its drawn parts as the code has them now."""
    for name, draw in DRAWN.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"README.md: wants one part '{name}'")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{draw()}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    README.write_text(redrawn(README.read_text("utf-8")), "utf-8")
