"""``state rollback``: restore one key, those with a prefix, or all of them."""

from __future__ import annotations

from sloth_tui.cli.commands import lasting_after, reading, writing
from sloth_tui.cli.output.diagnostics import confirm, tell
from sloth_tui.cli.output.records import write_steps
from sloth_tui.cli.parsing.spec import (
    RECORDS,
    WHOSE,
    YES,
    Arguments,
    Command,
    Option,
    Positional,
    output_option,
    utf8,
)
from sloth_tui.cli.parsing.when import moment, revision_of
from sloth_tui.errors import Conflict, ExitCode, UsageError
from sloth_tui.text import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Step

_SHOWN_STEPS = 20
"""The number of steps shown before the question."""


def rollback(arguments: Arguments, out: Output) -> int:
    key, prefix = arguments.key, arguments.prefix
    if key is not None and prefix:
        raise UsageError("KEY and --prefix exclude each other", hint="give one of them, or none for all keys")
    with reading(arguments) as store:
        agent = store.agent
        to = revision_of(store, arguments.to)
        steps = list(store.rollback_steps(to, prefix=prefix, key=key))
    if arguments.dry_run:
        write_steps(steps, arguments.output, out)
        return ExitCode.OK
    if not steps:
        tell(f"nothing has changed since revision {to}")
        return ExitCode.OK
    _refuse_secrets(steps, force=arguments.force)
    if out.terminal and not arguments.yes:
        write_steps(steps[:_SHOWN_STEPS], "table", out)
        out.flush()
    deed = f"roll back {format_count(len(steps), 'key')} of agent '{agent}' to revision {to}"
    confirm(deed, "", yes=arguments.yes)
    if key is None and not prefix:
        from sloth_tui.store.backups import back_up_first

        back_up_first(agent, "rollback", address=arguments.address(), settings=arguments.settings)
    with writing(arguments, _title(key, prefix, to)) as store, store.transaction():
        lasting = lasting_after(store, steps)
        changed = store.rollback(to, prefix=prefix, key=key, force=arguments.force)
        possible = sum(step.obstacle is None for step in steps)
        if changed != possible and not arguments.yes:
            raise Conflict(
                f"there are {format_count(changed, 'key')} to roll back now, not {possible:,}",
                hint="the state was changed while the question waited; nothing was rolled back, try again",
            )
    tell(f"rolled back {format_count(changed, 'key')} to revision {to}" + lasting)
    return ExitCode.OK


def _title(key: str | None, prefix: str, to: int) -> str:
    which = f" {key}" if key is not None else f" --prefix {prefix}" if prefix else ""
    return f"rollback{which} --to {to}"


def _refuse_secrets(steps: list[Step], *, force: bool) -> None:
    """Raises Conflict, before the question, if the old value of a key is a secret."""
    secrets = [step.key for step in steps if step.obstacle is not None]
    if secrets and not force:
        raise Conflict(
            f"no old value is kept of {format_count(len(secrets), 'key')}, the first of them '{secrets[0]}'",
            hint="nothing was changed; --force leaves them as they are",
        )


COMMANDS = (
    Command(
        ("state", "rollback"),
        "make one key, or all, what they were at a revision or time, after asking",
        rollback,
        positionals=[
            Positional(
                "key", "KEY", "what to roll back; default: all", count="?", convert=utf8, complete="keys"
            )
        ],
        options=[
            *WHOSE,
            YES,
            Option(
                ("--to",),
                "to what: a revision, or a time like 2026-01-31T14:00Z, '10m ago' or 'yesterday 14:00'",
                metavar="WHEN",
                convert=moment,
                required=True,
            ),
            Option(
                ("-p", "--prefix"),
                "all keys that begin with P, taken literally",
                metavar="P",
                default="",
                convert=utf8,
                complete="keys",
            ),
            Option(("--dry-run",), "show what would be done, and do nothing"),
            Option(("--force",), "leave secrets, of which no old value is kept, as they are"),
            output_option("table", *RECORDS),
        ],
        details=(
            "All of it is one change, which state undo takes back. What is restored has no time to live.\n"
            "Before everything is rolled back, a backup is made. Without a terminal --yes is needed. -o is\n"
            "how --dry-run prints its list."
        ),
        example=(
            "sloth-runner state rollback deployment:version --to 120\n"
            "sloth-runner state rollback --prefix deploy: --to '10m ago' --dry-run"
        ),
    ),
)
