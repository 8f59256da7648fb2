"""Check what ``config.toml`` holds; every error names the file, the line and the setting.

Loaded only where there is such a file.
"""

from __future__ import annotations

from sloth_tui.agents import check_name
from sloth_tui.errors import InvalidAgentName, UsageError
from sloth_tui.settings_checks import Checks, line_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TABLES = (
    *("agent", "agents", "backups", "commands", "encryption", "groups", "history", "keys", "run", "runs"),
    *("secrets", "store", "tui"),
)
_LOCAL = ("local", "localhost")
_KEY_SOURCES = "file, file:PATH, command:COMMAND, env:NAME, credential:NAME or ask"


def check_key_source(text: str, where: str) -> None:
    """Raise UsageError, with the name of the setting, for what names no source of keys."""
    kind, colon, argument = text.partition(":")
    wrong = None
    if kind == "keyring":
        wrong = "is not offered; command:COMMAND reaches a keyring, like 'secret-tool lookup sloth key'"
    elif kind not in ("file", "command", "env", "credential", "ask"):
        # Not quoted: it may be a key.
        wrong = f"must be {_KEY_SOURCES}, never a key itself"
    elif kind == "ask" and colon:
        wrong = "ask takes nothing after it"
    elif kind not in ("file", "ask") and not argument:
        wrong = f"{kind}: lacks what follows"
    elif colon and (not argument or not argument.isprintable()):
        wrong = "must have printable text after the colon"
    elif kind == "env" and not (argument.isascii() and argument.isidentifier()):
        wrong = "env: must be followed by the name of a variable"
    elif kind == "credential" and ("/" in argument or argument.startswith(".")):
        wrong = "credential: must be followed by a name without '/'"
    if wrong is not None:
        raise UsageError(f"{where}: {wrong}")


class Reader(Checks):
    """Reads a parsed document."""

    def fields(self, document: dict[str, object]) -> dict[str, Any]:
        """Return the arguments of Settings that the document gives. Raises InvalidConfig."""
        self.only(document, "", _TABLES)
        history = self.table(document, "history", ("keep", "keep_deleted_days", "secret"))
        backups = self.table(document, "backups", ("keep",))
        secrets = self.table(document, "secrets", ("segments",))
        tui = self.table(document, "tui", ("theme", "motion", "copy_command"))
        run = self.table(document, "run", ("grace",))
        runs = self.table(document, "runs", ("keep", "keep_days", "keep_size"))
        store = self.table(document, "store", ("address", "password_file", "poll"))
        keys = self.keys(document)
        # Unchecked: only the terminal UI has them.
        commands = self.table(document, "commands")
        tables = self.table(document, "agents")
        agents = {name: self.agent_table(tables, name) for name in tables}
        hosts = self.hosts(agents)
        encryption = self.table(document, "encryption", ("key", "new_agents"))
        given = {
            "agent": self.agent(document.get("agent")),
            "keep_revisions": self.number(history, "history.keep", whole=True),
            "keep_deleted_days": self.number(history, "history.keep_deleted_days", whole=False),
            "secret_segments": self.names(secrets, "secrets.segments"),
            "secret_keys": self.names(history, "history.secret"),
            "copy_command": self.words(tui, "tui.copy_command"),
            "keys": keys,
            "key_lines": {name: line_of(self.text, f"keys.{name}") for name in keys},
            "commands": commands,
            "commands_text": self.text if commands else None,
            "theme": self.a_text(tui, "tui.theme"),
            "motion": self.flag(tui, "tui.motion"),
            "grace": self.seconds(run, "run.grace"),
            "hosts": hosts,
            "groups": self.groups(document, hosts),
            "store_address": self.a_text(store, "store.address"),
            "store_line": line_of(self.text, "store.address"),
            "password_file": self.a_text(store, "store.password_file"),
            "store_poll": self.pace(store, "store.poll"),
            "key_source": self.key_source(encryption, "encryption.key"),
            "agent_keys": self.agent_keys(agents),
            "encrypt_new": self.flag(encryption, "encryption.new_agents"),
            "keep_backups": self.number(backups, "backups.keep", whole=True, least=0),
            "keep_runs": self.number(runs, "runs.keep", whole=True, least=0),
            "keep_runs_days": self.number(runs, "runs.keep_days", whole=False),
            "keep_runs_size": self.number(runs, "runs.keep_size", whole=False),
        }
        return {name: value for name, value in given.items() if value is not None}

    def keys(self, document: dict[str, object]) -> dict[str, str]:
        """Return action -> keys unchecked: only the TUI knows its actions and keys."""
        return self.texts(self.table(document, "keys"), "keys", "'e' or 'ctrl+e,f4'")

    def hosts(self, agents: dict[str, dict[str, object]]) -> dict[str, dict[str, Any]]:
        """Return name -> arguments of HostSettings. An agent with a key and nothing else is no host."""
        return {name: self.host(name, table) for name, table in agents.items() if set(table) != {"key"}}

    def agent_table(self, agents: dict[str, object], name: str) -> dict[str, object]:
        where = f"agents.{name}"
        try:
            check_name(name)
        except InvalidAgentName as error:
            raise self.fail(where, error.message) from error
        table = agents[name]  # not by self.table: a name may have dots
        if not isinstance(table, dict):
            raise self.fail(where, "must be a table")
        self.only(table, where + ".", ("ssh", "become", "cwd", "env", "key"))
        if name in _LOCAL and set(table) != {"key"}:
            raise self.fail(where, "this machine, which is not reached by ssh")
        return table

    def agent_keys(self, agents: dict[str, dict[str, object]]) -> dict[str, str]:
        """Return agent -> source of its keys, of those that name one."""
        found = {name: self.key_source(table, f"agents.{name}.key") for name, table in agents.items()}
        return {name: source for name, source in found.items() if source is not None}

    def key_source(self, table: dict[str, object], setting: str) -> str | None:
        source = self.a_text(table, setting)
        if source is not None:
            try:
                check_key_source(source, setting)
            except UsageError as error:
                raise self.fail(setting, error.message.removeprefix(f"{setting}: ")) from error
        return source

    def host(self, name: str, table: dict[str, object]) -> dict[str, Any]:
        where = f"agents.{name}"
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
