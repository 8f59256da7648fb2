"""Render Jinja2 templates in a sandbox. Undefined names raise. Files are found as by ``file.copy``."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.lexer import TOKEN_DATA, TOKEN_STRING, Token, newline_re
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sloth_tui.documents.reading import read_regular
from sloth_tui.errors import UsageError
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jinja2 import Environment, Template
    from jinja2.lexer import TokenStream

    from sloth_tui.runner.lua.context import Context

LARGEST = 64 * 1024 * 1024
"""Bytes of a template, and of the text that it renders to."""
_INLINE = "content"


def render(context: Context, src: bytes | None, content: bytes | None, values: dict[str, Any]) -> bytes:
    """Render a template: exactly one of ``src`` and ``content`` is not None. See :func:`render_file`."""
    if src is not None:
        return render_file(context, src, values)
    assert content is not None
    return render_text(context, content, values)


def render_file(context: Context, src: bytes, values: dict[str, Any]) -> bytes:
    """Return the rendered text as UTF-8. Raises UsageError, with the template's name and line."""
    path = os.fsdecode(src)
    loader = _Loader(context)
    return _guarded(lambda: _render(loader.environment.get_template(path), values), path)


def render_text(context: Context, content: bytes, values: dict[str, Any]) -> bytes:
    """Render a template that is given as text; see :func:`render_file`."""
    loader = _Loader(context)
    source = _text(content, _INLINE)
    return _guarded(lambda: _render(loader.environment.from_string(source), values), _INLINE)


class _OwnLineEnds(Extension):
    """Restores each line end of a template's text as it was written; Jinja makes all of them alike."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._ends: list[str] = []
        self._strings: list[str] = []

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        self._ends = newline_re.findall(source)
        self._strings = self._literals(source, name, filename) if "\r" in source else []
        return source

    def _literals(self, source: str, name: str | None, filename: str | None) -> list[str]:
        """Return the strings in expressions, with their own line ends.

        Once Jinja has read a string, its line ends cannot be told from escapes.
        """
        tokens = self.environment.lexer.tokeniter(source, name, filename)
        return [
            _quoted_line_ends(text, self._ends[line - 1 :])
            for line, kind, text in tokens
            if kind == TOKEN_STRING
        ]

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        # The tokens are read later, when another template may have been begun.
        return _with_line_ends(stream, self._ends, self._strings)


def _with_line_ends(stream: Iterable[Token], ends: list[str], strings: list[str]) -> Iterator[Token]:
    literals = iter(strings)
    for token in stream:
        text = token.value
        if token.type == TOKEN_STRING:
            text = next(literals, text)
        elif token.type == TOKEN_DATA and "\n" in text:
            first, *lines = text.split("\n")
            from_line = zip(ends[token.lineno - 1 :], lines, strict=False)
            text = first + "".join(end + line for end, line in from_line)
        yield Token(token.lineno, token.type, text)


def _quoted_line_ends(literal: str, ends: list[str]) -> str:
    """Return the value of a quoted string as Jinja reads it, but with its own line ends."""
    own = iter(ends)

    def put_back(found: re.Match[str]) -> str:
        # A line end after a backslash is dropped, whichever it is.
        end = next(own) if found.group().endswith("\n") else ""
        return end if found.group() == "\n" else found.group()

    written = re.sub(r"\\.|\n", put_back, literal[1:-1], flags=re.DOTALL)
    return written.encode("ascii", "backslashreplace").decode("unicode-escape")


class _Loader(BaseLoader):
    """Finds templates like every other source file: beside the task file, else in the working directory."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.environment = ImmutableSandboxedEnvironment(
            loader=self,
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            extensions=[_OwnLineEnds],
        )
        # A generator of placeholder text: useless for configuration, and a way to the globals of functions.
        self.environment.globals.pop("lipsum", None)

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        path = self._context.find_source(template)
        try:
            data = read_regular(path, LARGEST)
        except FileNotFoundError:
            raise TemplateNotFound(template) from None
        except OSError as error:
            raise UsageError(f"'{template}': {error.strerror}") from error
        return _text(data, template), path, None


def _render(template: Template, values: dict[str, Any]) -> bytes:
    parts, size = [], 0
    for part in template.generate(values):
        data = part.encode()
        size += len(data)
        if size > LARGEST:
            raise UsageError(f"the text is larger than {format_size(LARGEST)}")
        parts.append(data)
    return b"".join(parts)


def _guarded(render: Callable[[], bytes], name: str) -> bytes:
    try:
        return render()
    except TemplateNotFound as error:
        raise UsageError(f"there is no template '{error.name}'") from error
    except TemplateSyntaxError as error:
        where = error.name or name
        raise UsageError(f"{where}:{error.lineno}: {error.message}") from error
    except SecurityError as error:
        raise UsageError(f"{_place(error, name)}: not allowed: {error}") from error
    except (UndefinedError, TemplateError) as error:
        raise UsageError(f"{_place(error, name)}: {error.message}") from error
    except RecursionError as error:
        raise UsageError(f"{name}: nested too deeply") from error
    except (UsageError, MemoryError):
        raise
    except Exception as error:
        # Operators and filters raise any kind of error: 1 / 0, "x" + 1, an unknown format.
        raise UsageError(f"{_place(error, name)}: {error}") from error


def _place(error: BaseException, name: str) -> str:
    """Return ``name:line`` of the template's innermost line; Jinja rewrites tracebacks to point there."""
    place = name
    trace = error.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            file = trace.tb_frame.f_code.co_filename
            place = f"{name if file == '<template>' else os.path.basename(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"'{name}' is not UTF-8 at byte {error.start}") from error
