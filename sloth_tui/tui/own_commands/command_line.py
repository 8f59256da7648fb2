"""The command line that runs a command once more, with what was handed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.external.command_lines import format_get, format_line, quote

if TYPE_CHECKING:
    from sloth_tui.tui.services.commands.handing import Handed


def command_line(handed: Handed) -> str:
    """Return a line for a shell. It holds no value: those may be secrets, which do not belong into the
    history of a shell. Raises SlothError if it is too long."""
    variables = {name: text for name, text in handed.variables.items() if name != "SLOTH_VALUE"}
    words = [f"{name}={quote(text)}" for name, text in variables.items()]
    words += ["sh", "-c", quote(handed.command.run), quote(handed.command.name), *map(quote, handed.words)]
    before = ""
    if handed.command.stdin == "value":
        before = format_get(variables["SLOTH_AGENT"], list(handed.chosen.names)) + " | "
    elif handed.command.stdin == "keys":
        before = " ".join([r"printf '%s\0'", *map(quote, handed.chosen.names)]) + " | "
    return format_line(before + " ".join(words))
