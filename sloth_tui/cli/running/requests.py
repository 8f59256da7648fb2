"""Make the request for a run from a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.agents import named_agent
from sloth_tui.errors import PassphraseNeeded
from sloth_tui.runner.request import RunRequest

if TYPE_CHECKING:
    from sloth_tui.cli.parsing.spec import Arguments


def read_request(arguments: Arguments, file: str) -> RunRequest:
    """Return the request for a file, as the options of every command that runs one say. Raises UsageError,
    InvalidConfig."""
    settings = arguments.settings()
    return RunRequest(
        file,
        named_agent(arguments.agent) or settings.agent,
        tasks=tuple(arguments.task),
        values=_values(arguments),
        timeout=arguments.timeout,
        grace=settings.grace if arguments.grace is None else arguments.grace,
        diff=arguments.diff,
        workflow=arguments.workflow,
    )


def keys_for(request: RunRequest) -> bytes:
    """Return the keys that the worker needs for the state of the run; ask for a passphrase if one protects
    them. Without a terminal there are none, and the run ends where it needs its state. Raises
    DatabaseUnusable for a wrong passphrase."""
    from sloth_tui.cli.output import unlocked
    from sloth_tui.store.worker_keys import keys_for_worker

    try:
        return unlocked(lambda: keys_for_worker(request.agent))
    except PassphraseNeeded:
        return b""


def _values(arguments: Arguments) -> dict[str, object]:
    if arguments.values is None and not (arguments.set or arguments.set_string or arguments.set_json):
        return {}
    from sloth_tui.runner.inputs import read_values

    return read_values(arguments.values, arguments.set, arguments.set_string, arguments.set_json)
