"""What the front is called: where it listens, and the names and origins that requests may carry."""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple

from sloth_tui.errors import UsageError
from sloth_tui.text import display_text

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_USUAL_PORTS = {"http": 80, "https": 443}
_MORE = 80
"""Characters of a mistaken argument that an error repeats."""


class Place(NamedTuple):
    """Where the front is, once it listens."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """The name for the address that is printed."""
    port: int
    names: tuple[str, ...] = ()
    """Further names, each ``host`` or ``host:port``."""

    @property
    def hosts(self) -> frozenset[str]:
        """What the header ``Host`` of a request may be."""
        known = (*_LOOPBACK_NAMES, self.host, *self.names)
        return frozenset(text for name in known for text in self._written(name))

    @property
    def url(self) -> str:
        """The address of the page, without a token."""
        return f"{self.scheme}://{self._written(self.host)[-1]}/"

    def _written(self, name: str) -> tuple[str, ...]:
        """Return the ways a browser writes this host; the port of the scheme is left out."""
        if _port_of(name) is not None:
            return (name,)
        usual = self.port == _USUAL_PORTS[self.scheme]
        return (f"{name}:{self.port}", name) if usual else (f"{name}:{self.port}",)


def in_url(host: str) -> str:
    """Return a host as URLs write it: IPv6 in brackets, names in lower case."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host.lower()


def is_everywhere(host: str) -> bool:
    """True for the address that stands for all of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def is_loopback(host: str) -> bool:
    """True if only programs of this machine reach this host. Raises UsageError for an unknown host."""
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError(f"--host: there is no host '{display_text(host, _MORE)}'") from None
    return bool(found) and all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def check_name(name: str) -> str:
    """Return a further name, ``HOST`` or ``HOST:PORT``, as browsers write it. Raises ValueError."""
    lowered = name.lower()
    host = lowered.rpartition(":")[0] if _port_of(lowered) is not None else lowered
    plain = host.strip("[]").replace("-", "").replace(".", "").replace(":", "").replace("_", "")
    if not host or not (plain.isascii() and plain.isalnum()) or (":" in host and not host.startswith("[")):
        raise ValueError(f"'{display_text(name, _MORE)}' is no HOST or HOST:PORT")
    return lowered


def _port_of(name: str) -> int | None:
    host, colon, port = name.rpartition(":")
    if not colon or host.count("[") != host.count("]") or not (port.isascii() and port.isdigit()):
        return None
    return int(port)
