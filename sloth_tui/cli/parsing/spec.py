"""Declare commands as data: their arguments, help texts and handlers.

``fast.py`` reads plain command lines by these declarations, and ``parser.py`` builds argparse parsers from
them, so both know the same commands.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.settings import Settings

    Convert: TypeAlias = Callable[[str], object]
    Handler: TypeAlias = Callable[["Arguments", Output], int]

PROGRAM = "sloth-runner"
COMMAND = "--"
"""The count of a last argument that is a command line: the list of all words after the first ``--``, which
must be there, so that no option of that command is taken for one of ours."""
PLACEHOLDERS = {"1": "{}", "?": "[{}]", "+": "{}...", COMMAND: "-- {}..."}
"""How usage shows an argument, by its count."""


class Arguments:
    """The values of a command line: an attribute for every declared name, with defaults filled in."""

    _settings: Settings | None = None
    _address: str | None = None
    words: Sequence[str] = ()
    """The words of the command line, those of the command included."""

    def __init__(self, values: dict[str, object]) -> None:
        self.__dict__.update(values)

    def settings(self) -> Settings:
        """Return the settings, which are read at most once for a command. Raises InvalidConfig."""
        if self._settings is None:
            from sloth_tui.settings import load_settings

            self._settings = load_settings()
        return self._settings

    def address(self) -> str:
        """Return the address of the store, which is chosen once for a command. Raises UsageError."""
        if self._address is None:
            from sloth_tui.store import FILES, chosen_store

            self._address = chosen_store(self.settings) or FILES
        return self._address

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Positional:
    """An argument that is known by its position."""

    __slots__ = ("complete", "convert", "count", "default", "help", "metavar", "name")

    def __init__(
        self,
        name: str,
        metavar: str,
        help: str,  # noqa: A002 - the word argparse and every reader knows
        *,
        count: str = "1",
        default: object = None,
        convert: Convert | None = None,
        complete: str | None = None,
    ) -> None:
        self.name = name
        self.metavar = metavar
        self.help = help
        self.count = count
        """``1``, ``?`` (at most one), ``+`` (a list of at least one), or :data:`COMMAND`."""
        self.default = default
        """The value of an absent ``?``; never converted."""
        self.convert = convert
        """Return the value of a text. Raises ValueError, which says what is wrong."""
        self.complete = complete
        """The names that complete it: ``keys``, ``locks``, ``agents``, ``tasks``, ``examples``, ``files``,
        ``runs``, ``going runs``."""


class Option:
    """An argument that is known by its name. Without ``metavar`` it is a switch: False unless given."""

    __slots__ = (
        "choices",
        "complete",
        "convert",
        "default",
        "flags",
        "help",
        "metavar",
        "name",
        "repeated",
        "required",
    )

    def __init__(
        self,
        flags: tuple[str, ...],
        help: str,  # noqa: A002
        *,
        metavar: str | None = None,
        default: object = None,
        convert: Convert | None = None,
        choices: tuple[str, ...] = (),
        repeated: bool = False,
        required: bool = False,
        complete: str | None = None,
    ) -> None:
        self.flags = flags
        self.help = help
        self.metavar = metavar
        self.name = flags[-1].lstrip("-").replace("-", "_")
        self.default = default if metavar is not None else False
        self.convert = convert
        self.choices = choices
        self.repeated = repeated
        """True if the value is a list of all that were given."""
        self.required = required
        self.complete = complete


class Command:
    """One command: ``sloth-runner`` followed by the words of ``path``."""

    __slots__ = ("details", "example", "handler", "options", "path", "positionals", "summary")

    def __init__(
        self,
        path: tuple[str, ...],
        summary: str,
        handler: Handler,
        *,
        positionals: Sequence[Positional] = (),
        options: Sequence[Option] = (),
        details: str = "",
        example: str,
    ) -> None:
        self.path = path
        self.summary = summary
        """One line, without a full stop."""
        self.handler = handler
        self.positionals = positionals
        self.options = (*options, DEBUG)
        self.details = details
        self.example = example
        """Command lines with explanations, one a line."""

    def placeholders(self, count: str = "") -> list[str]:
        """Return how usage shows the arguments: those before the options, or those with this count after."""
        return [
            PLACEHOLDERS[place.count].format(place.metavar)
            for place in self.positionals
            if (place.count == COMMAND) == (count == COMMAND)
        ]

    def carry_out(self, arguments: Arguments, out: Output) -> int:
        """Run the command on the store that its arguments name; return the exit code."""
        address = getattr(arguments, STORE.name, None)
        if address is not None:
            from sloth_tui.store.address import choose

            choose(address)
        return self.handler(arguments, out)


AGENT = Option(
    ("-a", "--agent"),
    "whose state; default: $SLOTH_RUNNER_AGENT, config.toml, else local",
    metavar="NAME",
    complete="agents",
)
STORE = Option(
    ("--store",),
    "where that state is; default: $SLOTH_RUNNER_STORE, config.toml, else the files of this machine",
    metavar="ADDRESS",
)
WHOSE = (AGENT, STORE)
"""The options of every command that works on the state of an agent."""
DEBUG = Option(("--debug",), "on an error, show the traceback as well")
READ_ONLY = Option(("--read-only",), "in the terminal UI: change nothing, whatever is pressed")
YES = Option(("-y", "--yes"), "do not ask")


def utf8(word: str) -> str:
    """Return a key, prefix or name as it is. Raises ValueError if it is not UTF-8."""
    if not word.isascii():
        try:
            word.encode()
        except UnicodeEncodeError:
            raise ValueError(f"'{word}' is not UTF-8") from None
    return word


def prefix_argument(help: str) -> Positional:  # noqa: A002
    """Declare the optional PREFIX of a command for many keys; empty means all keys."""
    return Positional("prefix", "PREFIX", help, count="?", default="", convert=utf8, complete="keys")


RECORDS = ("json", "jsonl", "csv")
"""The formats of every command that lists records; :mod:`sloth_tui.cli.output.formats` writes them. Reading a
command line needs only their names, so the names are here."""


def output_option(*formats: str) -> Option:
    """Declare ``-o/--output`` for a command that can print these formats; the first is the default."""
    return Option(
        ("-o", "--output"),
        f"{', '.join(formats[:-1])} or {formats[-1]}; default: {formats[0]}",
        metavar="FORMAT",
        default=formats[0],
        choices=formats,
    )
