"""Addresses of stores: which one is chosen, and which backend opens it.

An address is text: ``etcd://...``, ``etcds://...``, ``s3://...``, or ``files`` for the files of this machine.
Here only what all have in common is checked; each backend parses the rest of its own. Loaded only where an
address may be given, and imports no backend before it is used.
"""

from __future__ import annotations

import os

from sloth_tui.agents import config_path
from sloth_tui.errors import DatabaseUnusable, InvalidConfig, UsageError
from sloth_tui.settings import load_settings
from sloth_tui.store import FILES, STORE_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, Protocol

    from sloth_tui.model import Origin, StoreCheck
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Agents, Entries, Store

    class Opening(Protocol):
        """What the module ``opening`` of a backend offers. Each raises UsageError for an address that the
        backend cannot read, and DatabaseUnusable; otherwise as the function of :mod:`sloth_tui.store`."""

        def open_store(
            self,
            address: str,
            agent: str,
            mode: Literal["read", "write"],
            *,
            origin: Origin | None = ...,
            settings: Callable[[], Settings] = ...,
            brief: bool = ...,
        ) -> Store: ...

        def open_entries(self, address: str, agent: str) -> Entries: ...

        def open_agents(self, address: str) -> Agents: ...

        def check(self, address: str) -> StoreCheck: ...


PASSWORD_VARIABLE = "SLOTH_STORE_PASSWORD"  # noqa: S105 - a name
BACKENDS = {"etcd": "etcd", "etcds": "etcd", "s3": "s3"}
"""Scheme -> backend."""
OPENINGS = {"etcd": "sloth_tui.store.etcd.opening", "s3": "sloth_tui.store.s3.opening"}
"""Backend -> the module that opens its stores."""
_PACKAGES = {"grpc": "grpcio"}
"""Module -> the package that brings it, where the two differ."""
_MAX_LENGTH = 4096
_MAX_PASSWORD_BYTES = 4096
_SECRETS = ("password", "passwd", "secret", "token", "access_key")
"""An option of an address whose name contains one of these would hold a secret."""
_CONSUL = "consul:// is not offered: no server to prove it on was at hand"


def chosen(settings: Callable[[], Settings] = load_settings) -> str | None:
    """Return the address of the store that the environment, or else the file of settings, chooses; None for
    the files of this machine. Raises UsageError, and InvalidConfig with the line of the file."""
    named = os.environ.get(STORE_VARIABLE)
    if named:
        return checked(named)
    found = settings()
    if found.store_address is None:
        return None
    try:
        return checked(found.store_address)
    except UsageError as error:
        where = f"{config_path()}:{found.store_line}: store.address: "
        raise InvalidConfig(where + error.message, hint=error.hint) from error


def choose(address: str) -> None:
    """Let this process and those that it starts use this store from now on. Raises UsageError."""
    checked(address)
    os.environ[STORE_VARIABLE] = address


def checked(address: str) -> str | None:
    """Return the address; None for ``files``. Raises UsageError."""
    if address == FILES:
        return None
    backend_of(address)
    return address


def backend_of(address: str) -> str:
    """Return the backend of an address, like ``etcd``. Raises UsageError, which never shows a password."""
    if len(address) > _MAX_LENGTH or not address.isprintable():
        raise UsageError("a store address has at most 4096 characters, all printable", hint=_known())
    scheme, separator, rest = address.partition("://")
    if not separator or not scheme.isascii() or not scheme.isalnum():
        raise UsageError("not the address of a store: it begins with no scheme", hint=_known())
    if scheme == "consul":
        raise UsageError(_CONSUL, hint=_known())
    if _holds_secret(rest):
        raise UsageError(
            "a store address may not hold a password or a key",
            hint=f"set ${PASSWORD_VARIABLE}, or store.password_file in config.toml",
        )
    if scheme not in BACKENDS:
        raise UsageError(f"there is no store {scheme}://", hint=_known())
    return BACKENDS[scheme]


def opening(address: str) -> Opening:
    """Return the module that opens stores with such an address. Raises UsageError, and DatabaseUnusable if a
    package that it needs is not installed."""
    from importlib import import_module

    try:
        module: Opening = import_module(OPENINGS[backend_of(address)])
    except ModuleNotFoundError as error:
        raise missing_package(address, error) from error
    return module


def missing_package(address: str, error: ModuleNotFoundError) -> DatabaseUnusable:
    """Return the error for a backend whose driver is not installed."""
    name = error.name or str(error)
    scheme = address.partition("://")[0]
    return DatabaseUnusable(
        f"{scheme}:// needs the package {_PACKAGES.get(name, name)}",
        hint=f"pip install 'sloth_tui[{BACKENDS[scheme]}]'",
    )


def password() -> str | None:
    """Return the password for the store, from the environment or the file that the settings name; None if
    neither does. Raises InvalidConfig if that file cannot be read."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    path = password_file()
    if path is None:
        return None
    from sloth_tui.documents.reading import read_regular

    try:
        text = read_regular(path, _MAX_PASSWORD_BYTES).decode()
    except OSError as error:
        raise InvalidConfig(f"{path}: {error.strerror}", hint="store.password_file names it") from error
    except (UsageError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path}: not a file with a password", hint="one line of text") from error
    found = text.removesuffix("\n").removesuffix("\r")
    if not found or not found.isprintable():
        raise InvalidConfig(f"{path}: not a file with a password", hint="one line of text")
    return found


def password_file() -> str | None:
    """Return the path of the file that holds the password, as the settings name it: absolute, or seen from
    the directory of config.toml; ``~`` is the home directory. Raises InvalidConfig."""
    named = load_settings().password_file
    if named is None:
        return None
    return os.path.join(os.path.dirname(config_path()), os.path.expanduser(named))


def password_warning() -> str | None:
    """Return a warning, with its remedy, if others can read the file with the password."""
    path = None if os.environ.get(PASSWORD_VARIABLE) else password_file()
    try:
        if path is None or not os.stat(path).st_mode & 0o044:
            return None
    except OSError:
        return None
    from shlex import join

    return f"others can read {path}: {join(['chmod', 'go-rwx', path])}"


def poll_seconds(default: float) -> float:
    """Return the seconds between two looks at a store that has to be asked, as the settings say. Raises
    InvalidConfig."""
    given = load_settings().store_poll
    return default if given is None else given


def _holds_secret(rest: str) -> bool:
    """Return True if what follows the scheme has a password of a user, or an option for a secret."""
    server, _, options = rest.partition("?")
    user, at, _ = server.partition("/")[0].rpartition("@")
    names = [option.partition("=")[0].lower() for option in options.split("&")]
    return (bool(at) and ":" in user) or any(word in name for name in names for word in _SECRETS)


def _known() -> str:
    return f"stores: {', '.join(f'{scheme}://' for scheme in BACKENDS)}, and {FILES} on this machine"
