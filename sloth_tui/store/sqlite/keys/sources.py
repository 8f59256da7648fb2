"""Where keys come from: a file, a command, the environment, a credential of systemd, or a passphrase.

The environment names the source of all agents by ``SLOTH_RUNNER_KEY``; otherwise the settings do, for one
agent or for all. Nothing but the name of a source is ever an argument of a program.
"""

from __future__ import annotations

import os

from sloth_tui.agents import base_directory, config_path
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.settings import load_settings
from sloth_tui.store.sqlite.keys.environment import value_of
from sloth_tui.store.sqlite.keys.key_file import default_path, read_key_file
from sloth_tui.store.sqlite.keys.key_text import KeyLine, parse_keys

SOURCE_VARIABLE = "SLOTH_RUNNER_KEY"
_COMMAND_SECONDS = 60
_MAX_BYTES = 64 * 1024


class KeySource:
    """The source of an agent's keys: ``kind`` and what follows the colon."""

    __slots__ = ("agent", "argument", "kind")

    def __init__(self, agent: str, text: str) -> None:
        self.agent = agent
        self.kind, _, self.argument = text.partition(":")

    @property
    def path(self) -> str | None:
        """The path of the key file; None if the keys are in none."""
        if self.kind not in ("file", "ask"):
            return None
        if not self.argument:
            return default_path(self.agent)
        return os.path.join(os.path.dirname(config_path()), os.path.expanduser(self.argument))

    @property
    def asks(self) -> bool:
        """True if new keys are protected by a passphrase."""
        return self.kind == "ask"

    def describe(self) -> str:
        """Return the words for errors and questions."""
        if self.path is not None:
            return self.path
        if self.kind == "command":
            return f"the command '{self.argument}'"
        return f"${self.argument}" if self.kind == "env" else f"the credential {self.argument}"

    def keys(self) -> list[KeyLine] | None:
        """Return the keys that there are, the newest first; None if a key file does not exist. Raises
        DatabaseUnusable."""
        if self.path is not None:
            return read_key_file(self.path)
        if self.kind == "command":
            return parse_keys(_output(self.argument, self.describe()), self.describe())
        if self.kind == "env":
            value = value_of(self.argument)
            if not value:
                raise DatabaseUnusable(f"{self.describe()} is not set")
            return parse_keys(value, self.describe())
        return parse_keys(_credential(self.argument), self.describe())


def source_of(agent: str) -> KeySource:
    """Return the source of an agent's keys. Raises InvalidConfig, UsageError."""
    named = os.environ.get(SOURCE_VARIABLE)
    if named:
        from sloth_tui.settings_file import check_key_source

        check_key_source(named, f"${SOURCE_VARIABLE}")
        return KeySource(agent, named)
    settings = load_settings()
    return KeySource(agent, settings.agent_keys.get(agent) or settings.key_source)


def agents_of(path: str) -> list[str]:
    """Return the agents whose keys a database may need: the one that it belongs to, and those whose backup
    or copy its name tells it to be, the longest name first."""
    name = os.path.basename(path).lstrip(".").removesuffix(".db")
    known = [agent for agent in load_settings().agent_keys if name.startswith((f"{agent}-", f"{agent}."))]
    return [name, *sorted(known, key=len, reverse=True)]


def key_files() -> list[str]:
    """Return the paths of all key files of the base directory."""
    directory = os.path.join(base_directory(), "keys")
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [os.path.join(directory, name) for name in names if name.endswith(".key") and name[0] != "."]


def _output(command: str, where: str) -> str:
    """Return what a command prints. It runs in a shell, without the keys of the environment."""
    import subprocess

    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DatabaseUnusable(f"{where} gave no key in {_COMMAND_SECONDS} s") from error
    except OSError as error:
        raise DatabaseUnusable(f"{where} cannot be started: {error.strerror}") from error
    if done.returncode:
        *_, last = ["", *done.stderr.decode(errors="replace").strip().splitlines()]
        raise DatabaseUnusable(f"{where} failed with exit code {done.returncode}", hint=last or None)
    return done.stdout[:_MAX_BYTES].decode("ascii", "replace")


def _credential(name: str) -> str:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise DatabaseUnusable(
            f"the credential {name} is not there: $CREDENTIALS_DIRECTORY is not set",
            hint="systemd sets it for a service with LoadCredential=",
        )
    path = os.path.join(directory, name)
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise DatabaseUnusable(f"{path}: the key cannot be read: {error.strerror}") from error
