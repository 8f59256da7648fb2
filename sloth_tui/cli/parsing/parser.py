"""Build argparse parsers from the declarations of commands, for help, mistakes and completion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.spec import AGENT, COMMAND, DEBUG, PROGRAM, READ_ONLY, STORE, Arguments
from sloth_tui.errors import UsageError
from sloth_tui.text import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.parsing.spec import Command, Convert, Option, Positional

SUMMARY = "See, edit and trust the state that Sloth Runner's Lua tasks leave behind."
ROOT_EXAMPLES = """\
sloth-runner                                 open the terminal UI
sloth-runner state list --agent production   what is stored for production
sloth-runner run deploy.lua                  run the tasks of a file"""


def read(command: Command, words: Sequence[str], out: Output) -> Arguments | None:
    """Return the arguments, or None if help was asked for and has been written. Raises UsageError.

    Options may stand anywhere before ``--``. They are taken out first, and the rest are positional arguments:
    argparse does that wrong if there is a ``--``.
    """
    end = words.index("--") if "--" in words else len(words)
    options, places = _named_parser(command), _named_parser(command)
    for option in command.options:
        # A misspelt option is reported first, so missing options are looked for later.
        _add_option(options, option, required=False)
    theirs = next((positional for positional in command.positionals if positional.count == COMMAND), None)
    for positional in command.positionals:
        if positional is not theirs:
            _add_positional(places, positional)
    arguments = Arguments({})
    try:
        _, rest = options.parse_known_args(words[:end], arguments)
    except _HelpWanted:
        out.people(command_parser(command).format_help())
        return None
    for word in rest:
        if _is_flag(word):
            options.error(f"unrecognized arguments: {word}")
    missing = [flag for flag, required in _required(command) if getattr(arguments, required) is None]
    if missing:
        options.error(f"the following arguments are required: {', '.join(missing)}")
    if theirs is not None:
        if not words[end + 1 :]:
            options.error(f"{command.placeholders(COMMAND)[0]} is required")
        setattr(arguments, theirs.name, list(words[end + 1 :]))
        end = len(words)
    given = [*rest, *words[end + 1 :]]
    if given and registry.children(command.path):
        raise not_a_command(command.path, given[0])
    if any(word.startswith("-") for word in given):
        given.insert(0, "--")
    return places.parse_args(given, arguments)


def not_a_command(path: tuple[str, ...], word: str) -> UsageError:
    """Return the error for a word that is neither a command nor an option below ``path``."""
    prefix = " ".join((PROGRAM, *path))
    help_hint = f"see {prefix} --help"
    if word.startswith("-"):
        return UsageError(f"'{word}' is not an option of {prefix}", hint=help_hint)
    near = nearest(word, registry.children(path), 1)
    if near:
        help_hint = f"did you mean '{prefix} {near[0]}'? {help_hint}"
    return UsageError(f"'{word}' is not a command of {prefix}", hint=help_hint)


def _required(command: Command) -> list[tuple[str, str]]:
    return [(option.flags[-1], option.name) for option in command.options if option.required]


def _is_flag(word: str) -> bool:
    if not word.startswith("-") or word == "-":
        return False
    try:
        float(word)
    except ValueError:
        return True
    return False


def _named_parser(command: Command) -> Parser:
    return Parser(prog=" ".join((PROGRAM, *command.path)))


def command_parser(command: Command) -> Parser:
    """Return the parser of one command alone."""
    parser = _named_parser(command)
    _fill(parser, command)
    if registry.children(command.path):
        _branch(parser, command.path)
    return parser


def tree() -> Parser:
    """Return the parser of all commands, for ``--help`` and completion."""
    root = Parser(prog=PROGRAM, description=SUMMARY, epilog=_examples(ROOT_EXAMPLES))
    root.usage = f"{PROGRAM} [--agent NAME] [--store ADDRESS] COMMAND ..."
    root.add_argument("--version", action="store_true", help="show the version")
    for option in (AGENT, STORE, READ_ONLY, DEBUG):
        _add_option(root, option)
    _branch(root, ())
    return root


def group_parser(path: tuple[str, ...]) -> Parser:
    """Return the parser of a group of commands; of all commands for the empty path."""
    if not path:
        return tree()
    group = " ".join(path)
    parser = Parser(prog=f"{PROGRAM} {group}", description=_sentence(registry.GROUPS[group]))
    parser.usage = f"{PROGRAM} {group} COMMAND ..."
    _branch(parser, path)
    return parser


def _branch(parser: Parser, path: tuple[str, ...]) -> None:
    branches = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    examples = []
    for word in registry.children(path):
        below = (*path, word)
        if registry.is_command(below):
            command = registry.load(below)
            parser_of_command = branches.add_parser(word, help=command.summary)
            _fill(parser_of_command, command)
            for action in parser_of_command._actions:
                # A default here would override an --agent or --store before the command.
                action.default = argparse.SUPPRESS
            examples.append(command.example.splitlines()[0])
            if registry.children(below):
                _branch(parser_of_command, below)
        else:
            _branch(branches.add_parser(word, help=registry.GROUPS[" ".join(below)]), below)
    if path and not registry.is_command(path):
        parser.epilog = _examples("\n".join(examples))


def _fill(parser: Parser, command: Command) -> None:
    names = " ".join((PROGRAM, *command.path))
    parser.usage = " ".join([names, *command.placeholders(), "[options]", *command.placeholders(COMMAND)])
    parser.description = _sentence(command.summary) + (f"\n\n{command.details}" if command.details else "")
    parser.epilog = _examples(command.example)
    for positional in command.positionals:
        _add_positional(parser, positional)
    for option in command.options:
        _add_option(parser, option)


def _add_positional(parser: Parser, positional: Positional) -> None:
    settings: dict[str, Any] = {"metavar": positional.metavar, "help": _literal(positional.help)}
    if positional.count != "1":
        settings["nargs"] = "+" if positional.count == COMMAND else positional.count
    if positional.count == "?":
        settings["default"] = positional.default
    if positional.convert is not None:
        settings["type"] = _type(positional.convert)
    action = parser.add_argument(positional.name, **settings)
    _complete(action, positional.complete)


def _add_option(parser: Parser, option: Option, *, required: bool | None = None) -> None:
    settings: dict[str, Any] = {"help": _literal(option.help), "default": option.default}
    if option.metavar is None:
        settings["action"] = "store_true"
    else:
        settings["metavar"] = option.metavar
        settings["required"] = option.required if required is None else required
        if option.choices:
            settings["type"] = _type(_one_of(option.choices))
        elif option.convert is not None:
            settings["type"] = _type(option.convert)
        if option.repeated:
            settings["action"], settings["default"] = _Collect, []
    action = parser.add_argument(*option.flags, **settings)
    if option.choices:
        _complete(action, option.choices)
    else:
        _complete(action, option.complete)


def _complete(action: argparse.Action, names: str | tuple[str, ...] | None) -> None:
    if names is not None:
        # Not the attribute of argcomplete: completion.py turns these names into completers.
        action.completes = names  # type: ignore[attr-defined]


def _type(convert: Convert) -> Callable[[str], object]:
    def converted(text: str) -> object:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return converted


def _one_of(choices: Sequence[str]) -> Convert:
    def chosen(text: str) -> str:
        if text not in choices:
            raise ValueError(f"'{text}' is not one of {', '.join(choices)}")
        return text

    return chosen


def _sentence(summary: str) -> str:
    return summary[0].upper() + summary[1:] + "."


def _examples(lines: str) -> str:
    head = "example:" if lines.count("\n") == 0 else "examples:"
    return head + "".join(f"\n  {line}" for line in lines.splitlines())


def _literal(text: str) -> str:
    return text.replace("%", "%%")


class _HelpWanted(Exception):
    """``--help`` was among the arguments."""


class _Help(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        raise _HelpWanted


class _Collect(argparse.Action):
    """Like ``append``, but two readings do not share the default list."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), values])


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows options as ``-o, --output FORMAT``, in a column that does not depend on the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)

    def format_help(self) -> str:
        # Versions of Python compute the width of the left column in different ways.
        self._action_max_length = self._max_help_position
        return super().format_help()

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {action.metavar}"


class Parser(argparse.ArgumentParser):
    """Reports mistakes as UsageError, takes no abbreviations, and prints nothing by itself."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, add_help=False, **settings)
        self._positionals.title = "arguments"
        self.add_argument(
            "-h", "--help", action=_Help, nargs=0, default=argparse.SUPPRESS, help="show this help"
        )

    def error(self, message: str) -> NoReturn:
        hint = f"see {self.prog} --help"
        _, unrecognized, unknown = message.partition("unrecognized arguments: ")
        if unrecognized and unknown.startswith("-"):
            unknown = unknown.split()[0]
            flags = [flag for action in self._actions for flag in action.option_strings]
            near = nearest(unknown.partition("=")[0], flags, 1)
            if near:
                hint = f"did you mean {near[0]}? {hint}"
        raise UsageError(message.removeprefix("argument "), hint=hint)
