"""Check ``[commands.NAME]`` of ``config.toml``: shell commands of the user's own in the terminal UI.

Loaded only by the terminal UI, and only if the file has such a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.agents import config_path
from sloth_tui.documents.toml_keys import line_of_key
from sloth_tui.settings_checks import Checks, mistake

if TYPE_CHECKING:
    from sloth_tui.errors import InvalidConfig
    from sloth_tui.settings import Settings

PLACES = ("key", "agent", "lock", "run")
"""What a command acts on; a command without ``on`` acts on the agent on screen, wherever the cursor is."""
OUTPUTS = ("pane", "toast", "none", "terminal")
INPUTS = ("keys", "value")
_FIELDS = (
    *("key", "label", "on", "run", "confirm", "ask", "output", "stdin", "value", "secrets"),
    *("reads_only", "timeout"),
)
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_MAX_NAME, _MAX_LABEL = 40, 24


class OwnCommand(NamedTuple):
    """One command, as the file gives it, with defaults filled in."""

    name: str
    run: str
    """What ``/bin/sh -c`` gets, to the letter."""
    label: str
    key: str = ""
    """Its keys as written; empty: it is in the palette alone."""
    on: str = ""
    """One of ``PLACES``, or empty."""
    confirm: str = ""
    """The question asked before it runs; empty: none."""
    ask: str = ""
    """The question whose answer it gets; empty: none."""
    output: str = "pane"
    """One of ``OUTPUTS``."""
    stdin: str = ""
    """One of ``INPUTS``, or empty: nothing."""
    value: bool = False
    """True if it gets the value of the key in its environment."""
    secrets: bool = False
    """True if it may get values that the screen masks."""
    reads_only: bool = False
    """True if it is offered with ``--read-only``, too."""
    timeout: float | None = None
    """Seconds after which it is stopped."""


def read_commands(settings: Settings) -> list[OwnCommand]:
    """Return the commands in the order of the file. Raises InvalidConfig, naming file, line and setting."""
    reader = _Reader(config_path(), settings.commands_text)
    return [reader.command(name, table) for name, table in settings.commands.items()]


def mistake_in(settings: Settings, name: str, field: str, complaint: str) -> InvalidConfig:
    """Return the error for one field of a command."""
    return _Reader(config_path(), settings.commands_text).fail(f"commands.{name}.{field}", complaint)


class _Reader(Checks):
    def fail(self, setting: str, complaint: str) -> InvalidConfig:
        # The text of a command may look like other lines of the file: their beginnings do not tell these.
        return mistake(self.path, line_of_key(self.text, tuple(setting.split("."))), setting, complaint)

    def command(self, name: str, table: object) -> OwnCommand:
        where = f"commands.{name}"
        if not 0 < len(name) <= _MAX_NAME or not _NAME_CHARACTERS.issuperset(name):
            raise self.fail(where, f"a name has 1-{_MAX_NAME} of A-Z a-z 0-9 _ -")
        if not isinstance(table, dict):
            raise self.fail(where, f"must be a table, like [{where}]")
        self.only(table, where + ".", _FIELDS)
        label = self._line(table, f"{where}.label", _MAX_LABEL) or name
        found = OwnCommand(
            name,
            self._shell_text(table, where),
            label,
            self._key(table, f"{where}.key"),
            self._one_of(table, f"{where}.on", PLACES),
            self._question(table, f"{where}.confirm", f"{label}?"),
            self._line(table, f"{where}.ask"),
            self._one_of(table, f"{where}.output", OUTPUTS) or "pane",
            self._one_of(table, f"{where}.stdin", INPUTS),
            self.flag(table, f"{where}.value") or False,
            self.flag(table, f"{where}.secrets") or False,
            self.flag(table, f"{where}.reads_only") or False,
            self._timeout(table, f"{where}.timeout"),
        )
        for field, given in (("stdin", found.stdin), ("value", found.value)):
            if given and found.on != "key":
                raise self.fail(f"{where}.{field}", 'needs on = "key"')
        if found.timeout and found.output == "terminal":
            raise self.fail(f"{where}.timeout", "a command that has the terminal ends by itself")
        if found.secrets and not found.value and found.stdin != "value":
            raise self.fail(f"{where}.secrets", 'needs value = true, or stdin = "value"')
        return found

    def _timeout(self, table: dict[str, object], setting: str) -> float | None:
        seconds = self.seconds(table, setting)
        if seconds == 0:
            raise self.fail(setting, "must be more than 0 seconds")
        return seconds

    def _shell_text(self, table: dict[str, object], where: str) -> str:
        text = table.get("run")
        if not isinstance(text, str) or not text.strip() or "\0" in text:
            raise self.fail(f"{where}.run", "must be a command for /bin/sh, like 'git log --oneline'")
        return text

    def _line(self, table: dict[str, object], setting: str, most: int = 200) -> str:
        text = self.a_text(table, setting) or ""
        if not text.isprintable() or len(text) > most:
            raise self.fail(setting, f"must be one line of at most {most} characters")
        return text

    def _key(self, table: dict[str, object], setting: str) -> str:
        text = table.get("key", "")
        if not isinstance(text, str):
            raise self.fail(setting, "must be text, like 'X' or 'ctrl+x,f4'")
        return text

    def _one_of(self, table: dict[str, object], setting: str, known: tuple[str, ...]) -> str:
        word = table.get(setting.rpartition(".")[2])
        if word is not None and word not in known:
            raise self.fail(setting, "must be one of: " + ", ".join(known))
        return "" if word is None else str(word)

    def _question(self, table: dict[str, object], setting: str, usual: str) -> str:
        given = table.get("confirm", False)
        if isinstance(given, bool):
            return usual if given else ""
        if not isinstance(given, str):
            raise self.fail(setting, "must be true, false or a question")
        return self._line(table, setting)
