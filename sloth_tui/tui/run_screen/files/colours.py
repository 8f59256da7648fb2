"""The colours of Lua.

Pygments does it: Rich and Textual bring it along anyway, 10 ms to load on a thread, and it lexes a file of
256 KiB in 0.1 s. Textual's tree-sitter extra has fifteen grammars in as many wheels, and Lua is none of them.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from textual.content import Span

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 2.0
"""What is not coloured by then stays plain: some texts take the lexer for ever."""
_CHECK_EVERY = 128
_STYLES = (
    ("Token.Comment", "$quiet"),
    ("Token.Keyword", "bold $secondary"),
    ("Token.Operator.Word", "bold $secondary"),
    ("Token.Literal.String", "$success"),
    ("Token.Literal.Number", "$accent"),
    ("Token.Name.Builtin", "$primary"),
    ("Token.Name.Function", "$primary"),
)

Spans = dict[int, list[Span]]
"""Number of a line -> its colours."""


def colour_lua(lines: list[str], is_over: Callable[[], bool]) -> Spans:
    """Return the colours of harmless lines; of a text that takes too long, those of its beginning. For a
    thread; ``is_over``: nobody waits any more."""
    from pygments.lexers.scripting import LuaLexer

    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans: Spans = {}
    styles: dict[object, str] = {}
    deadline = time.monotonic() + _SECONDS
    tokens = LuaLexer().get_tokens_unprocessed("\n".join(lines))
    for count, (at, kind, text) in enumerate(tokens):
        if count % _CHECK_EVERY == 0 and (is_over() or time.monotonic() > deadline):
            break
        style = styles.get(kind)
        if style is None:
            style = styles[kind] = _style(str(kind))
        if style:
            _add(spans, starts, at, at + len(text), style)
    return spans


def _style(kind: str) -> str:
    return next((style for beginning, style in _STYLES if kind.startswith(beginning)), "")


def _add(spans: Spans, starts: list[int], begin: int, end: int, style: str) -> None:
    """Add a token, which may go over several lines."""
    number = bisect_right(starts, begin) - 1
    while begin < end:
        line_end = starts[number + 1] - 1
        if begin < line_end:
            first = begin - starts[number]
            spans.setdefault(number, []).append(Span(first, min(end, line_end) - starts[number], style))
        number += 1
        begin = starts[number]
