"""Checks of single settings of ``config.toml``; every error names the file, the line and the setting."""

from __future__ import annotations

from sloth_tui.errors import InvalidConfig
from sloth_tui.values.parse import MAX_GRACE_SECONDS

_MAX_POLL_SECONDS = 3600


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


class Checks:
    """Checks the values of a parsed document."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def fail(self, setting: str, complaint: str) -> InvalidConfig:
        return mistake(self.path, line_of(self.text, setting), setting, complaint)

    def only(self, table: dict[str, object], where: str, known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self.fail(where + name, "no such setting; there are: " + ", ".join(known))

    def table(
        self, document: dict[str, object], setting: str, known: tuple[str, ...] | None = None
    ) -> dict[str, object]:
        """Return a table; ``known``: the only names that it may have."""
        found = document.get(setting.rpartition(".")[2], {})
        if not isinstance(found, dict):
            raise self.fail(setting, "must be a table")
        if known is not None:
            self.only(found, setting + ".", known)
        return found

    def texts(self, table: dict[str, object], where: str, like: str) -> dict[str, str]:
        found = {}
        for name, value in table.items():
            if not isinstance(value, str):
                raise self.fail(f"{where}.{name}", f"must be text, like {like}")
            found[name] = value
        return found

    def a_text(self, table: dict[str, object], setting: str) -> str | None:
        value = table.get(setting.rpartition(".")[2])
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.fail(setting, "must be non-empty text")

    def flag(self, table: dict[str, object], setting: str) -> bool | None:
        value = table.get(setting.rpartition(".")[2])
        if value is not None and not isinstance(value, bool):
            raise self.fail(setting, "must be true or false")
        return value

    def number(
        self, table: dict[str, object], setting: str, *, whole: bool, least: int | None = None
    ) -> float | None:
        """``least``: the smallest number allowed; the default is 1 for whole numbers, else 0."""
        value = table.get(setting.rpartition(".")[2])
        if value is None:
            return None
        wanted = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise self.fail(setting, "must be a whole number" if whole else "must be a number")
        assert isinstance(value, (int, float))
        if least is None:
            least = int(whole)
        if value < least:
            raise self.fail(setting, f"must be at least {least}" if least else "must not be negative")
        return value

    def seconds(self, table: dict[str, object], setting: str) -> float | None:
        span = self.number(table, setting, whole=False)
        if span is not None and not span <= MAX_GRACE_SECONDS:  # nan, too
            raise self.fail(setting, "must be at most 30 days, in seconds")
        return span

    def pace(self, table: dict[str, object], setting: str) -> float | None:
        span = self.number(table, setting, whole=False)
        if span is not None and not 0 < span <= _MAX_POLL_SECONDS:
            raise self.fail(setting, "must be more than 0 and at most an hour, in seconds")
        return span

    def names(self, table: dict[str, object], setting: str) -> tuple[str, ...] | None:
        value = table.get(setting.rpartition(".")[2])
        if value is None:
            return None
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
