"""The settings of ``<base>/config.toml``. Precedence: flag, then environment, then file, then default.

The file is optional, and only commands that need it read it. An unknown name in it is an error, so that a
misspelt setting does not silently get its default.
"""

from __future__ import annotations

import os

from sloth_tui.agents import DEFAULT_AGENT, check_name, config_path, named_agent, status_of
from sloth_tui.errors import InvalidAgentName, InvalidConfig, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_GRACE_SECONDS = 30 * 86_400.0
DEFAULT_SECRET_SEGMENTS = ("password", "secret", "token", "api_key", "private_key", "credential")
_MAX_FILE_BYTES = 1024 * 1024


class Settings:
    """The file's settings with defaults filled in."""

    __slots__ = (
        "agent",
        "copy_command",
        "grace",
        "keep_deleted_days",
        "keep_revisions",
        "key_lines",
        "keys",
        "motion",
        "secret_keys",
        "secret_segments",
        "theme",
    )

    def __init__(
        self,
        agent: str = DEFAULT_AGENT,
        keep_revisions: int = 50,
        keep_deleted_days: float = 90.0,
        secret_segments: tuple[str, ...] = DEFAULT_SECRET_SEGMENTS,
        secret_keys: tuple[str, ...] = (),
        copy_command: tuple[str, ...] = (),
        keys: dict[str, str] | None = None,
        key_lines: dict[str, int] | None = None,
        theme: str | None = None,
        motion: bool = True,
        grace: float = 10.0,
    ) -> None:
        self.agent = agent
        self.keep_revisions = keep_revisions
        """Number of revisions of each key that history keeps, at least 1."""
        self.keep_deleted_days = keep_deleted_days
        """Days for which the history of a deleted key is kept."""
        self.secret_segments = secret_segments
        """A key with a segment that contains one of these holds a secret."""
        self.secret_keys = secret_keys
        """Patterns, with ``*``, ``?`` and ``[...]``, of keys whose old values history does not keep."""
        self.copy_command = copy_command
        """Command line of the program that gets text copied in the TUI; empty: the TUI chooses one."""
        self.keys = keys or {}
        """Action of the TUI -> its keys, separated by commas, as written in the file."""
        self.key_lines = key_lines or {}
        """Action -> line of the file that sets its keys."""
        self.theme = theme
        """The theme the terminal UI starts with; None: the one chosen last."""
        self.motion = motion
        """True if the terminal UI may use motion."""
        self.grace = grace
        """Seconds that the commands of a run get to end after they are told to."""


def load_settings() -> Settings:
    """Read the file. Raises InvalidConfig, naming file, line and setting; no file means all defaults.
    Raises DatabaseUnusable if the directory cannot be searched."""
    path = config_path()
    try:
        # Most users have no such file: return before the imports below.
        os.stat(path)
        from sloth_tui.documents import toml_text
        from sloth_tui.documents.reading import read_regular

        text = read_regular(path, _MAX_FILE_BYTES).decode("utf-8-sig")
        document = toml_text.parse(text)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        status_of(path)  # a directory that may not be searched is not an error in the file
        raise InvalidConfig(f"{path}: {error.strerror}") from error
    except UsageError as error:
        complaint = error.message.removeprefix(f"'{path}' ")
        raise InvalidConfig(f"{path}: {complaint}") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{path}: not UTF-8 at byte {error.start + 1}") from error
    except ValueError as error:
        raise InvalidConfig(f"{path}: {error}") from error
    return _Reader(path, text).settings(document)


def chosen_agent(flag: str | None, settings: Callable[[], Settings] = load_settings) -> str:
    """Return the agent a command works on. ``settings`` is called only if neither flag nor environment names
    one. Raises InvalidAgentName, InvalidConfig."""
    named = named_agent(flag)
    return named if named is not None else settings().agent


def mistake(path: str, line: int, setting: str, complaint: str) -> InvalidConfig:
    """Return the error for one setting of the file."""
    return InvalidConfig(f"{path}:{line}: {setting}: {complaint}")


def line_of(text: str, setting: str) -> int:
    """Return the line of a TOML text that gives a setting, or else the line of its table; 1 if neither is
    found. Only the beginnings of lines are examined."""
    wanted, table, nearest = setting.split("."), list[str](), 1
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, _ = line.partition("=")
        if line.lstrip().startswith("["):
            found = table = _names(line.split("#")[0].strip().strip("[]"))
        elif equals:
            found = table + _names(name)
        else:
            continue
        if found == wanted:
            return number
        if wanted[: len(found)] == found:
            nearest = number
    return nearest


def _names(dotted: str) -> list[str]:
    return [name.strip().strip("\"'") for name in dotted.split(".")]


class _Reader:
    """Checks a parsed document; every error names the file, the line and the setting."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def settings(self, document: dict[str, object]) -> Settings:
        self.only(document, "", ("agent", "agents", "history", "keys", "run", "secrets", "tui"))
        defaults = Settings()
        history = self.table(document, "history", ("keep", "keep_deleted_days", "secret"))
        secrets = self.table(document, "secrets", ("segments",))
        tui = self.table(document, "tui", ("theme", "motion", "copy_command"))
        run = self.table(document, "run", ("grace",))
        keys = self.keys(document)
        return Settings(
            agent=self.agent(document.get("agent", defaults.agent)),
            keep_revisions=int(self.number(history, "history.keep", defaults.keep_revisions, whole=True)),
            keep_deleted_days=self.number(
                history, "history.keep_deleted_days", defaults.keep_deleted_days, whole=False
            ),
            secret_segments=self.names(secrets, "secrets.segments", defaults.secret_segments),
            secret_keys=self.names(history, "history.secret", defaults.secret_keys),
            copy_command=self.words(tui, "tui.copy_command"),
            keys=keys,
            key_lines={name: line_of(self.text, f"keys.{name}") for name in keys},
            theme=self.a_text(tui, "tui.theme"),
            motion=self.flag(tui, "tui.motion", defaults.motion),
            grace=self.seconds(run, "run.grace", defaults.grace),
        )

    def fail(self, setting: str, complaint: str) -> InvalidConfig:
        return mistake(self.path, line_of(self.text, setting), setting, complaint)

    def only(self, table: dict[str, object], where: str, known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self.fail(where + name, "no such setting; there are: " + ", ".join(known))

    def table(self, document: dict[str, object], name: str, known: tuple[str, ...]) -> dict[str, object]:
        found = document.get(name, {})
        if not isinstance(found, dict):
            raise self.fail(name, "must be a table")
        self.only(found, name + ".", known)
        return found

    def keys(self, document: dict[str, object]) -> dict[str, str]:
        """Return action -> keys unchecked: only the TUI knows its actions and keys."""
        found = document.get("keys", {})
        if not isinstance(found, dict):
            raise self.fail("keys", "must be a table")
        for name, value in found.items():
            if not isinstance(value, str):
                raise self.fail(f"keys.{name}", "must be text, like 'e' or 'ctrl+e,f4'")
        return found

    def agent(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.fail("agent", "must be text")
        try:
            return check_name(value)
        except InvalidAgentName as error:
            raise self.fail("agent", error.message) from error

    def a_text(self, table: dict[str, object], setting: str) -> str | None:
        value = table.get(setting.rpartition(".")[2])
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.fail(setting, "must be non-empty text")

    def flag(self, table: dict[str, object], setting: str, default: bool) -> bool:
        value = table.get(setting.rpartition(".")[2], default)
        if not isinstance(value, bool):
            raise self.fail(setting, "must be true or false")
        return value

    def number(self, table: dict[str, object], setting: str, default: float, *, whole: bool) -> float:
        value = table.get(setting.rpartition(".")[2], default)
        wanted = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise self.fail(setting, "must be a whole number" if whole else "must be a number")
        assert isinstance(value, (int, float))
        if value < (1 if whole else 0):
            raise self.fail(setting, "must be at least 1" if whole else "must not be negative")
        return value

    def seconds(self, table: dict[str, object], setting: str, default: float) -> float:
        span = self.number(table, setting, default, whole=False)
        if not span <= MAX_GRACE_SECONDS:  # nan, too
            raise self.fail(setting, "must be at most 30 days, in seconds")
        return span

    def names(self, table: dict[str, object], setting: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = table.get(setting.rpartition(".")[2])
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise self.fail(setting, "must be a list of non-empty texts")
        return tuple(value)

    def words(self, table: dict[str, object], setting: str) -> tuple[str, ...]:
        """Return the words of a command line, split as a shell does."""
        value = table.get(setting.rpartition(".")[2], "")
        if not isinstance(value, str):
            raise self.fail(setting, "must be text, like 'xclip -selection clipboard'")
        import shlex

        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise self.fail(setting, f"cannot be divided into words: {error}") from error
