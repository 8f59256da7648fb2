"""What a command of the user's own gets: an environment and words, and never a part of its text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.agents import base_directory, config_path
from sloth_tui.errors import UsageError
from sloth_tui.runs.folder import folder_of
from sloth_tui.store import FILES
from sloth_tui.text import display_text, format_count, format_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.model import Lock
    from sloth_tui.runs.model import Run
    from sloth_tui.settings_commands import OwnCommand

_ALWAYS = ("SLOTH_COMMAND", "SLOTH_AGENT", "SLOTH_STORE", "SLOTH_CONFIG", "SLOTH_READ_ONLY", "SLOTH_ANSWER")
_OF_KEYS = ("SLOTH_KEY", "SLOTH_KEYS", "SLOTH_KEY_COUNT", "SLOTH_VALUE")
_OF_LOCKS = ("SLOTH_LOCK", "SLOTH_HOLDER", "SLOTH_TOKEN", "SLOTH_LOCK_HOST", "SLOTH_LOCK_PID")
_OF_RUNS = ("SLOTH_RUN", "SLOTH_FILE", "SLOTH_RESULT", "SLOTH_RUN_FOLDER")
VARIABLES = (*_ALWAYS, *_OF_KEYS, *_OF_LOCKS, *_OF_RUNS)
"""Every variable of a command. Those that do not apply are not set, whatever this program inherited."""
_SHOWN = 100


class Chosen(NamedTuple):
    """What a command acts on."""

    names: tuple[str, ...]
    """Keys, an agent, a lock or a run, as the words of the command; they may be any data."""
    variables: Mapping[str, str]
    run: Run | None = None
    """The run, whose agent and store may be others than those on screen."""


def chosen_keys(keys: list[str]) -> Chosen:
    """Return what a command on these keys, one or more, gets."""
    variables = {"SLOTH_KEY": keys[0], "SLOTH_KEY_COUNT": str(len(keys))}
    if not any("\n" in key for key in keys):
        variables["SLOTH_KEYS"] = "\n".join(keys)
    return Chosen(tuple(keys), variables)


def chosen_lock(lock: Lock, run: str | None) -> Chosen:
    """Return what a command on a lock gets; ``run``: the id of the run that took it, if it is known."""
    variables = {"SLOTH_LOCK": lock.name, "SLOTH_HOLDER": lock.holder, "SLOTH_TOKEN": str(lock.token)}
    if lock.owner is not None:
        variables |= {"SLOTH_LOCK_HOST": lock.owner.host, "SLOTH_LOCK_PID": str(lock.owner.pid)}
    if run is not None:
        variables["SLOTH_RUN"] = run
    return Chosen((lock.name,), variables)


def chosen_run(run: Run) -> Chosen:
    """Return what a command on a run that is kept gets."""
    variables = {
        "SLOTH_RUN": run.id,
        "SLOTH_FILE": run.file,
        "SLOTH_RESULT": run.result,
        "SLOTH_RUN_FOLDER": folder_of(base_directory(), run.id),
    }
    return Chosen((run.id,), variables, run)


class Handed(NamedTuple):
    """A command that is ready to be started."""

    command: OwnCommand
    chosen: Chosen
    variables: Mapping[str, str]
    """Its variables, beside those that this program has itself."""
    words: tuple[str, ...]
    feed: bytes | None
    """What it reads from stdin; None: nothing."""

    @property
    def arguments(self) -> list[bytes]:
        """The arguments of the shell: the text is the user's to the letter, and all else are its words."""
        return list(map(encode, ("/bin/sh", "-c", self.command.run, self.command.name, *self.words)))

    def environment(self) -> dict[bytes, bytes]:
        inherited = {name: value for name, value in os.environb.items() if os.fsdecode(name) not in VARIABLES}
        return inherited | {encode(name): encode(value) for name, value in self.variables.items()}


def hand_over(
    command: OwnCommand,
    chosen: Chosen,
    *,
    agent: str,
    store: str | None,
    read_only: bool = False,
    answer: str | None = None,
    value: bytes | None = None,
) -> Handed:
    """Put together what a command gets. ``store``: an address, None for the files of this machine;
    ``answer``: what was typed for ``ask``; ``value``: what the chosen keys hold, for ``value`` and ``stdin``.

    Raises UsageError for what no environment can hold.
    """
    if chosen.run is not None:
        agent, store = chosen.run.agent, chosen.run.store
    variables = _of_every_command(command, agent, store or FILES) | dict(chosen.variables)
    if read_only:
        variables["SLOTH_READ_ONLY"] = "1"
    if answer is not None:
        variables["SLOTH_ANSWER"] = answer
    if command.value and value is not None:
        variables["SLOTH_VALUE"] = value.decode("utf-8", "surrogateescape")
    _refuse_a_list_of_lines(command, chosen)
    words, feed = chosen.names, None
    if command.stdin == "keys":
        # However many they are: neither the words nor the environment could hold them all.
        words, feed = (), b"".join(encode(name) + b"\0" for name in chosen.names)
        variables.pop("SLOTH_KEYS", None)
    elif command.stdin == "value":
        feed = value or b""
    _refuse_what_cannot_be_handed(variables, words)
    return Handed(command, chosen, variables, words, feed)


def _of_every_command(command: OwnCommand, agent: str, store: str) -> dict[str, str]:
    return {
        "SLOTH_COMMAND": command.name,
        "SLOTH_AGENT": agent,
        "SLOTH_STORE": store,
        "SLOTH_CONFIG": config_path(),
        # So that sloth-runner in a command acts on what is on screen.
        "SLOTH_RUNNER_AGENT": agent,
        "SLOTH_RUNNER_STORE": store,
    }


def _refuse_a_list_of_lines(command: OwnCommand, chosen: Chosen) -> None:
    """Raise UsageError if a command wants the keys one a line, and one has several lines."""
    if command.on == "key" and "SLOTH_KEYS" not in chosen.variables and "SLOTH_KEYS" in command.run:
        broken = display_text(next(name for name in chosen.names if "\n" in name), _SHOWN)
        raise UsageError(
            f"the key {broken} holds a line feed, so SLOTH_KEYS cannot list it",
            hint='"$@" in its place has every key as it is',
        )


def encode(text: str) -> bytes:
    """Return text as programs get it: UTF-8, whatever the locale. Raises UnicodeEncodeError."""
    return text.encode("utf-8", "surrogateescape")


def too_much(handed: Handed) -> UsageError:
    """Return the error for more than the system hands to a program."""
    size = sum(len(encode(text)) for text in (*handed.words, *handed.variables.values()))
    if len(handed.chosen.names) > 1:
        what, hint = format_count(len(handed.chosen.names), "key"), 'stdin = "keys" takes any number of them'
    else:
        what, hint = "this", 'stdin = "value" takes a value of any size'
    return UsageError(f"{what}, {format_size(size)}, is more than the system hands to a command", hint=hint)


def _refuse_what_cannot_be_handed(variables: Mapping[str, str], words: tuple[str, ...]) -> None:
    for name, text in (*variables.items(), *(("its words", word) for word in words)):
        try:
            if b"\0" not in encode(text):
                continue
            wrong = "NUL"
        except UnicodeEncodeError:
            wrong = "half a character"
        raise UsageError(
            f"{name} would hold {wrong}, which cannot be handed to a command",
            hint='stdin = "value" hands any value over' if name == "SLOTH_VALUE" else None,
        )
