"""Build ``sloth-runner`` command lines that do what the screen shows, ready to paste into a shell.

Whatever the data holds, the result is one line without control characters: a shell would run the text before
a line feed.
"""

from __future__ import annotations

import base64
import shlex
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text, format_size
from sloth_tui.values.codec import type_name
from sloth_tui.values.render import as_printed

if TYPE_CHECKING:
    from sloth_tui.model import Value

MAX_LINE_BYTES = 100_000
"""Linux accepts no word of a command line longer than 128 KiB."""


def quote(word: str) -> str:
    """Return ``word`` quoted for a shell: plain, in ``'...'``, or in ``$'...'`` (bash, zsh, ksh and other
    shells of POSIX 2024) if it holds invisible or control characters."""
    if display_text(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if display_text(character) == character:
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def format_command(*words: str, agent: str | None = None, operands: tuple[str, ...] = ()) -> str:
    """Return ``sloth-runner`` with these words; ``operands`` are data and may begin with a dash. Raises
    SlothError if the line is too long."""
    line = ["sloth-runner", *words]
    if agent is not None:
        line += ["--agent", agent]
    if any(operand.startswith("-") and operand != "-" for operand in operands):
        line.append("--")
    return format_line(" ".join(map(quote, (*line, *operands))))


def format_line(text: str) -> str:
    """Return a command line as it is. Raises SlothError if it is too long."""
    if len(text.encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES:
        raise SlothError(
            "too long for a command line",
            hint=f"that takes up to {format_size(MAX_LINE_BYTES)} with its quotes",
        )
    return text


def format_get(agent: str, keys: list[str]) -> str:
    """Return the command line that prints the values of these keys. Raises SlothError if it is too long."""
    return format_command("state", "get", agent=agent, operands=tuple(keys))


def format_set(agent: str, key: str, value: Value) -> str:
    """Return the command line that sets a key to this value, type included. Raises SlothError if it is too
    long."""
    text = as_printed(value)
    if isinstance(value, bytes) or text == "-" or "\0" in text:
        # Not every value can be a word of a command line; stdin takes them all.
        data = value if isinstance(value, bytes) else text.encode()
        kind = ("--type", "bytes") if isinstance(value, bytes) else ()
        line = format_command("state", "set", *kind, agent=agent, operands=(key, "-"))
        feed = f"printf %s {base64.b64encode(data).decode()} | base64 -d | "
        if len(feed) > MAX_LINE_BYTES:
            raise SlothError("too long for a command line", hint=f"the value has {format_size(len(data))}")
        return feed + line
    kind = () if isinstance(value, str) else ("--type", type_name(value))
    return format_command("state", "set", *kind, agent=agent, operands=(key, text))
