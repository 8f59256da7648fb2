"""``state set``: write one entry, unconditionally or only if it is as expected."""

from __future__ import annotations

import os
import sys

from sloth_tui.cli.commands import tell, writing
from sloth_tui.cli.interrupt import Heeded
from sloth_tui.cli.parsing.spec import WHOSE, Arguments, Command, Option, Positional, utf8
from sloth_tui.errors import Conflict, ExitCode, InvalidValue, KeyNotFound, UsageError
from sloth_tui.values.codec import MAX_VALUE
from sloth_tui.values.parse import TYPES, duration, parse_typed, revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import Value
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store

_SHOWN_CHARACTERS = 40


def set_entry(arguments: Arguments, out: Output) -> int:
    _check_conditions(arguments)
    key = arguments.key
    expected = None
    if arguments.if_value is not None:
        expected = parse_typed(os.fsencode(arguments.if_value), arguments.type)
    value = _from_stdin_or(arguments.value, arguments.type)
    with writing(arguments, f"set {key}") as store:
        if (
            arguments.if_absent
            or expected is not None
            or arguments.if_revision is not None
            or arguments.secret
        ):
            # One moment for what is written, what is told of another value, and the mark.
            with store.transaction():
                _set(store, arguments, value, expected)
        else:
            store.set(key, value, ttl=arguments.ttl, keep_ttl=arguments.keep_ttl)
    tell(f"set {key}")
    return ExitCode.OK


def _set(store: Store, arguments: Arguments, value: Value, expected: Value | None) -> None:
    key, ttl = arguments.key, arguments.ttl
    if arguments.if_absent:
        if not store.set_if_absent(key, value, ttl=ttl):
            raise Conflict(f"key '{key}' exists already", hint="nothing was written")
    elif expected is not None:
        if not store.compare_and_set(key, expected, value, ttl=ttl):
            raise _other_value(store, key, expected, arguments.settings)
    elif arguments.if_revision is not None:
        if not store.compare_and_set_revision(key, arguments.if_revision, value, ttl=ttl):
            raise _other_revision(store, key, arguments.if_revision)
    else:
        store.set(key, value, ttl=ttl, keep_ttl=arguments.keep_ttl)
    if arguments.secret:
        store.mark_secret(key)


def _from_stdin_or(word: str, kind: str | None) -> Value:
    """Return the value of ``word``; ``-`` means stdin. Raises InvalidValue."""
    return parse_typed(_read_stdin() if word == "-" else os.fsencode(word), kind)


def _read_stdin() -> bytes:
    """Return all of stdin, to the byte. Raises InvalidValue if it is larger than a value may be."""
    if sys.stdin is None:
        raise UsageError("VALUE is -, but stdin is closed")
    with Heeded():
        data = sys.stdin.buffer.read(MAX_VALUE + 1)
    if len(data) > MAX_VALUE:
        raise InvalidValue("stdin holds more than 64 MiB, the most a value may have")
    return data


def _check_conditions(arguments: Arguments) -> None:
    given = [
        flag
        for flag, is_given in (
            ("--if-absent", arguments.if_absent),
            ("--if-value", arguments.if_value is not None),
            ("--if-revision", arguments.if_revision is not None),
        )
        if is_given
    ]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", hint="give one condition")
    if arguments.ttl is not None and arguments.keep_ttl:
        raise UsageError("--ttl and --keep-ttl exclude each other", hint="give one of them")


def _other_value(store: Store, key: str, expected: Value, settings: Callable[[], Settings]) -> Conflict:
    found = store.get(key)
    if found is None:
        return Conflict(f"key '{key}' is not there", hint="nothing was written")
    hint = "nothing was written"
    if _type(found) != _type(expected):
        hint += "; --if-value is read as --type says"
    if _is_secret(store, key, settings):
        return Conflict(f"key '{key}' holds another value, which is secret", hint=hint)
    return Conflict(f"key '{key}' holds {_described(found)}, not {_described(expected)}", hint=hint)


def _is_secret(store: Store, key: str, settings: Callable[[], Settings]) -> bool:
    from sloth_tui.masking import holds_secret

    if holds_secret(key, settings().secret_segments):
        return True
    return any(found.secret for found in store.revisions(key, limit=1))


def _other_revision(store: Store, key: str, expected: int) -> Conflict:
    try:
        found = store.entry(key).revision
    except KeyNotFound:
        state = "is not there"
    else:
        state = "has no revision yet" if found is None else f"is at revision {found}"
    return Conflict(f"key '{key}' {state}, not at {expected}", hint="nothing was written")


def _type(value: Value) -> str:
    from sloth_tui.values.codec import type_name

    return type_name(value)


def _described(value: Value) -> str:
    from sloth_tui.text import display_text
    from sloth_tui.values.render import bare

    return f"{_type(value)} '{display_text(bare(value), _SHOWN_CHARACTERS)}'"


COMMANDS = (
    Command(
        ("state", "set"),
        "write one entry",
        set_entry,
        positionals=[
            Positional("key", "KEY", "what to set", convert=utf8, complete="keys"),
            Positional("value", "VALUE", "the value; - takes all of stdin, to the byte"),
        ],
        options=[
            *WHOSE,
            Option(
                ("-t", "--type"),
                f"{', '.join(TYPES)}; default: string, or bytes if VALUE is not UTF-8",
                metavar="TYPE",
                choices=TYPES,
            ),
            Option(("--if-absent",), "only if the key is not there"),
            Option(("--if-value",), "only if it holds V, read with the same --type", metavar="V"),
            Option(
                ("--if-revision",),
                "only if its revision is N; 0: if it is not there",
                metavar="N",
                convert=revision,
            ),
            Option(
                ("--ttl",),
                "it is gone after S seconds, or 5m, 2h, 1d; without this it stays",
                metavar="S",
                convert=duration,
            ),
            Option(("--keep-ttl",), "what it has left of an earlier --ttl stays"),
            Option(("--secret",), "from now on history keeps no values of KEY, only that it changed"),
        ],
        details=(
            "number is an integer or a float, json whichever type the JSON text has; table is a JSON\n"
            "object or array. A condition that does not hold is exit code 5, and nothing is written. With\n"
            "--if-value or --if-revision the entry keeps the time to live that it has."
        ),
        example=(
            "sloth-runner state set deployment:version v1.2.3\n"
            "sloth-runner state set deploy:limits '{\"cpu\": 2}' --type json\n"
            "sloth-runner state set tls:certificate - < certificate.pem\n"
            "sloth-runner state set cluster:leader agent1 --if-absent --ttl 30"
        ),
    ),
)
