"""The command lines of ``sloth-runner`` that do what the screen shows, ready to be pasted into a shell.

Every line is one line without control characters, whatever is in the data: a shell that was given one would
run what comes before it.
"""

from __future__ import annotations

import base64
import shlex
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text, format_size
from sloth_tui.tui.exact import as_printed, type_name

if TYPE_CHECKING:
    from sloth_tui.model import Value

LONGEST = 100_000
"""Bytes of a line; Linux takes no word of a command line that is longer than 128 KiB."""


def quoted(word: str) -> str:
    """``word`` as a shell reads it back: plain, in ``'...'``, or in ``$'...'`` (bash, zsh, ksh and what else
    follows POSIX of 2024) where it holds what does not show or acts on a terminal."""
    if display_text(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if display_text(character) == character:
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def command_line(*words: str, agent: str | None = None, operands: tuple[str, ...] = ()) -> str:
    """``sloth-runner`` with these words; ``operands`` are data, and may begin with a dash. Raises SlothError
    where the line would be too long."""
    line = ["sloth-runner", *words]
    if agent is not None:
        line += ["--agent", agent]
    if any(operand.startswith("-") and operand != "-" for operand in operands):
        line.append("--")
    text = " ".join(map(quoted, (*line, *operands)))
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        raise SlothError(
            "too long for a command line", hint=f"that takes up to {format_size(LONGEST)} with its quotes"
        )
    return text


def get_line(agent: str, keys: list[str]) -> str:
    """Prints the values of these keys."""
    return command_line("state", "get", agent=agent, operands=tuple(keys))


def set_line(agent: str, key: str, value: Value) -> str:
    """Gives the key this value, of this type."""
    text = as_printed(value)
    if isinstance(value, bytes) or text == "-" or "\0" in text:
        # Stdin takes what no word of a command line can be.
        data = value if isinstance(value, bytes) else text.encode()
        kind = ("--type", "bytes") if isinstance(value, bytes) else ()
        line = command_line("state", "set", *kind, agent=agent, operands=(key, "-"))
        feed = f"printf %s {base64.b64encode(data).decode()} | base64 -d | "
        if len(feed) > LONGEST:
            raise SlothError("too long for a command line", hint=f"the value has {format_size(len(data))}")
        return feed + line
    kind = () if isinstance(value, str) else ("--type", type_name(value))
    return command_line("state", "set", *kind, agent=agent, operands=(key, text))
