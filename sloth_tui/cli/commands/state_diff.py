"""``state diff``: what differs between two moments, or between two agents."""

from __future__ import annotations

from sloth_tui.cli.commands import reading
from sloth_tui.cli.output.diagnostics import tell
from sloth_tui.cli.output.records import write_differences
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    STORE,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    prefix_argument,
    utf8,
)
from sloth_tui.cli.parsing.when import moment, revision_of
from sloth_tui.errors import ExitCode, UsageError
from sloth_tui.store import open_store
from sloth_tui.store.comparison import compare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.cli.parsing.when import Moment

_HELP = "see sloth-runner state diff --help"


def diff(arguments: Arguments, out: Output) -> int:
    agents = arguments.agent
    if len(agents) > 2:
        raise UsageError("at most two agents can be compared", hint=_HELP)
    found = _between_agents(arguments, out) if len(agents) == 2 else _between_moments(arguments, out)
    if not found and out.terminal:
        tell("no differences")
    return ExitCode.WOULD_CHANGE if found and arguments.exit_code else ExitCode.OK


def _between_moments(arguments: Arguments, out: Output) -> int:
    if arguments.one is None:
        raise UsageError("the following arguments are required: REV1", hint=_HELP)
    first = _moment("REV1", arguments.one)
    second = None if arguments.other is None else _moment("REV2", arguments.other)
    whose = Arguments({**vars(arguments), "agent": arguments.agent[0] if arguments.agent else None})
    with reading(whose) as store:
        one = revision_of(store, first)
        other = store.revision() if second is None else revision_of(store, second)
        return write_differences(store.differences(one, other, arguments.prefix), arguments.output, out)


def _between_agents(arguments: Arguments, out: Output) -> int:
    if arguments.other is not None:
        raise UsageError(
            "two agents are compared as they are now: no revision can be given",
            hint="state diff --agent A --agent B [PREFIX]",
        )
    address = arguments.address()
    one, other = (
        open_store(agent, "read", address=address, settings=arguments.settings, brief=True)
        for agent in arguments.agent
    )
    with one, other:
        return write_differences(compare(one, other, arguments.one or ""), arguments.output, out)


def _moment(name: str, word: str) -> Moment:
    try:
        return moment(word)
    except ValueError as error:
        raise UsageError(f"{name}: {error}", hint=_HELP) from error


COMMANDS = (
    Command(
        ("state", "diff"),
        "show which keys differ between two moments, or between two agents",
        diff,
        positionals=[
            Positional(
                "one",
                "REV1",
                "a revision, or a time like 2026-01-31T14:00Z, '10m ago' or 'yesterday 14:00'; "
                "between two agents: PREFIX",
                count="?",
                convert=utf8,
            ),
            Positional("other", "REV2", "likewise; default: now", count="?", convert=utf8),
            prefix_argument("only keys that begin with this"),
        ],
        options=[
            Option(
                ("-a", "--agent"),
                "whose state; given twice: compare what the two have now",
                metavar="NAME",
                repeated=True,
                complete="agents",
            ),
            STORE,
            Option(("--exit-code",), "exit code 10 if there is any difference"),
            output_option("table", *RECORDS),
        ],
        details=(
            "OLD is the value at REV1 or of the first agent, NEW that at REV2 or of the second; (none) is a\n"
            "key that is not there. A value of another type differs. Differences are no failure: exit code\n"
            "0, with --exit-code 10."
        ),
        example=(
            "sloth-runner state diff 120\n"
            "sloth-runner state diff '2h ago' '1h ago' deploy:\n"
            "sloth-runner state diff --agent staging --agent production deploy: --exit-code"
        ),
    ),
)
