"""Check what ``config.toml`` holds; every error names the file, the line and the setting.

Loaded only where there is such a file.
"""

from __future__ import annotations

from sloth_tui.agents import check_name
from sloth_tui.errors import InvalidAgentName, InvalidConfig
from sloth_tui.values.parse import MAX_GRACE_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TABLES = ("agent", "agents", "backups", "groups", "history", "keys", "run", "secrets", "store", "tui")
_MAX_POLL_SECONDS = 3600
_LOCAL = ("local", "localhost")


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


class Reader:
    """Checks a parsed document."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def fields(self, document: dict[str, object]) -> dict[str, Any]:
        """Return the arguments of Settings that the document gives. Raises InvalidConfig."""
        self.only(document, "", _TABLES)
        history = self.table(document, "history", ("keep", "keep_deleted_days", "secret"))
        backups = self.table(document, "backups", ("keep",))
        secrets = self.table(document, "secrets", ("segments",))
        tui = self.table(document, "tui", ("theme", "motion", "copy_command"))
        run = self.table(document, "run", ("grace",))
        store = self.table(document, "store", ("address", "password_file", "poll"))
        keys = self.keys(document)
        hosts = self.hosts(document)
        given = {
            "agent": self.agent(document.get("agent")),
            "keep_revisions": self.number(history, "history.keep", whole=True),
            "keep_deleted_days": self.number(history, "history.keep_deleted_days", whole=False),
            "secret_segments": self.names(secrets, "secrets.segments"),
            "secret_keys": self.names(history, "history.secret"),
            "copy_command": self.words(tui, "tui.copy_command"),
            "keys": keys,
            "key_lines": {name: line_of(self.text, f"keys.{name}") for name in keys},
            "theme": self.a_text(tui, "tui.theme"),
            "motion": self.flag(tui, "tui.motion"),
            "grace": self.seconds(run, "run.grace"),
            "hosts": hosts,
            "groups": self.groups(document, hosts),
            "store_address": self.a_text(store, "store.address"),
            "store_line": line_of(self.text, "store.address"),
            "password_file": self.a_text(store, "store.password_file"),
            "store_poll": self.pace(store, "store.poll"),
            "keep_backups": self.number(backups, "backups.keep", whole=True, least=0),
        }
        return {name: value for name, value in given.items() if value is not None}

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

    def keys(self, document: dict[str, object]) -> dict[str, str]:
        """Return action -> keys unchecked: only the TUI knows its actions and keys."""
        return self.texts(self.table(document, "keys"), "keys", "'e' or 'ctrl+e,f4'")

    def texts(self, table: dict[str, object], where: str, like: str) -> dict[str, str]:
        found = {}
        for name, value in table.items():
            if not isinstance(value, str):
                raise self.fail(f"{where}.{name}", f"must be text, like {like}")
            found[name] = value
        return found

    def hosts(self, document: dict[str, object]) -> dict[str, dict[str, Any]]:
        """Return name -> arguments of HostSettings."""
        tables = self.table(document, "agents")
        return {name: self.host(tables, name) for name in tables}

    def host(self, tables: dict[str, object], name: str) -> dict[str, Any]:
        where = f"agents.{name}"
        try:
            check_name(name)
        except InvalidAgentName as error:
            raise self.fail(where, error.message) from error
        if name in _LOCAL:
            raise self.fail(where, "this machine, which is not reached by ssh")
        table = self.table({name: tables[name]}, where, ("ssh", "become", "cwd", "env"))
        ssh = self.a_text(table, f"{where}.ssh")
        if ssh is not None and (ssh.startswith("-") or not ssh.isprintable() or " " in ssh):
            raise self.fail(f"{where}.ssh", "must be a destination of ssh, like 'user@host'")
        env = self.texts(self.table(table, f"{where}.env"), f"{where}.env", "'1'")
        for variable, value in env.items():
            if not (variable.isascii() and variable.isidentifier()) or "\0" in value:
                raise self.fail(f"{where}.env.{variable}", "cannot be set by a shell")
        return {
            "ssh": ssh,
            "become": self.become(table, f"{where}.become"),
            "cwd": self.a_text(table, f"{where}.cwd"),
            "env": env,
        }

    def become(self, table: dict[str, object], setting: str) -> str | None:
        value = table.get("become", False)
        if isinstance(value, bool):
            return "root" if value else None
        if (
            isinstance(value, str)
            and value.isascii()
            and not value.startswith("-")
            and value.replace("-", "").replace(".", "").replace("_", "").isalnum()
        ):
            return value
        raise self.fail(setting, "must be true, false or the name of a user")

    def groups(
        self, document: dict[str, object], hosts: dict[str, dict[str, Any]]
    ) -> dict[str, tuple[str, ...]]:
        """Return name -> hosts; a host need not be in the file, because ssh may know it."""
        table = self.table(document, "groups")
        found = {}
        for name in table:
            setting = f"groups.{name}"
            try:
                check_name(name)
            except InvalidAgentName as error:
                raise self.fail(setting, error.message) from error
            if name in hosts or name in _LOCAL:
                raise self.fail(setting, "a host has this name")
            found[name] = tuple(dict.fromkeys(self.names(table, setting) or ()))
            if not found[name]:
                raise self.fail(setting, "must name a host")
            for host in found[name]:
                if host in table:
                    raise self.fail(setting, f"'{host}' is a group, and a group holds hosts only")
        return found

    def agent(self, value: object) -> str | None:
        if value is None:
            return None
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
