"""The parts of the README that are drawn from the code. ``python -m tests.readme`` writes them into it."""

from __future__ import annotations

import pathlib

from sloth_tui.cli import registry
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
            f"[{option.flags[-1]}{'' if option.metavar is None else ' ' + option.metavar}]"
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


DRAWN = {"commands": commands, "keys": keys}


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
