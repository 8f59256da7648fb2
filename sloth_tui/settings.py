"""The settings of ``<base>/config.toml``. Precedence: flag, then environment, then file, then default.

The file is optional, and only commands that need it read it. An unknown name in it is an error, so that a
misspelt setting does not silently get its default.
"""

from __future__ import annotations

import os

from sloth_tui.agents import DEFAULT_AGENT, config_path, named_agent, status_of
from sloth_tui.errors import InvalidConfig, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SECRET_SEGMENTS = ("password", "secret", "token", "api_key", "private_key", "credential")
_MAX_FILE_BYTES = 1024 * 1024


class HostSettings:
    """How a host is reached, and what its commands begin with."""

    __slots__ = ("become", "cwd", "env", "ssh")

    def __init__(
        self,
        ssh: str | None = None,
        become: str | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.ssh = ssh
        """The destination as ssh takes it; None: the name of the host."""
        self.become = become
        """The user that sudo makes of the one who logs in."""
        self.cwd = cwd
        self.env = env or {}


class Settings:
    """The file's settings with defaults filled in."""

    __slots__ = (
        "agent",
        "agent_keys",
        "commands",
        "commands_text",
        "copy_command",
        "encrypt_new",
        "grace",
        "groups",
        "hosts",
        "keep_backups",
        "keep_deleted_days",
        "keep_revisions",
        "keep_runs",
        "keep_runs_days",
        "keep_runs_size",
        "key_lines",
        "key_source",
        "keys",
        "motion",
        "password_file",
        "secret_keys",
        "secret_segments",
        "store_address",
        "store_line",
        "store_poll",
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
        commands: dict[str, object] | None = None,
        commands_text: str = "",
        theme: str | None = None,
        motion: bool = True,
        grace: float = 10.0,
        hosts: dict[str, HostSettings] | None = None,
        groups: dict[str, tuple[str, ...]] | None = None,
        store_address: str | None = None,
        store_line: int = 1,
        password_file: str | None = None,
        store_poll: float | None = None,
        key_source: str = "file",
        agent_keys: dict[str, str] | None = None,
        encrypt_new: bool = False,
        keep_backups: int = 5,
        keep_runs: int = 200,
        keep_runs_days: float = 30.0,
        keep_runs_size: float = 1024.0,
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
        self.commands = commands or {}
        """Name -> table of ``[commands.NAME]``, which :mod:`sloth_tui.settings_commands` checks."""
        self.commands_text = commands_text
        """The file with these tables, to name lines of it."""
        self.theme = theme
        """The theme the terminal UI starts with; None: the one chosen last."""
        self.motion = motion
        """True if the terminal UI may use motion."""
        self.grace = grace
        """Seconds that the commands of a run get to end after they are told to."""
        self.hosts = hosts or {}
        """Name -> how it is reached, of ``[agents.NAME]``."""
        self.groups = groups or {}
        """Name -> names of hosts, each once."""
        self.store_address = store_address
        """The store, as :mod:`sloth_tui.store.address` reads it; None: the files of this machine."""
        self.store_line = store_line
        """Line of the file that gives the address."""
        self.password_file = password_file
        """Path of the file with the password for the store, as written in the settings."""
        self.store_poll = store_poll
        """Seconds between two looks at a store that has to be asked; None: as the backend thinks best."""
        self.key_source = key_source
        """Where the keys of encrypted agents come from, as :mod:`sloth_tui.settings_file` checks it."""
        self.agent_keys = agent_keys or {}
        """Agent -> where its keys come from, of ``[agents.NAME]``."""
        self.encrypt_new = encrypt_new
        """True if new databases are encrypted."""
        self.keep_backups = keep_backups
        """Number of automatic backups of each agent that are kept; 0: none are made."""
        self.keep_runs = keep_runs
        """Number of runs of which the events are kept after their end; 0: none are."""
        self.keep_runs_days = keep_runs_days
        """Days for which they are kept."""
        self.keep_runs_size = keep_runs_size
        """Mebibytes that they may take together."""


def load_settings() -> Settings:
    """Read the file. Raises InvalidConfig, naming file, line and setting; no file means all defaults.
    Raises DatabaseUnusable if the directory cannot be searched."""
    path = config_path()
    try:
        # Most users have no such file: return before the imports below.
        os.stat(path)
        from sloth_tui.documents import toml_text
        from sloth_tui.documents.reading import read_regular
        from sloth_tui.settings_file import Reader

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
    fields = Reader(path, text).fields(document)
    hosts = {name: HostSettings(**each) for name, each in fields.pop("hosts").items()}
    return Settings(**fields, hosts=hosts)


def chosen_agent(flag: str | None, settings: Callable[[], Settings] = load_settings) -> str:
    """Return the agent a command works on. ``settings`` is called only if neither flag nor environment names
    one. Raises InvalidAgentName, InvalidConfig."""
    named = named_agent(flag)
    return named if named is not None else settings().agent
