"""The address of a store on etcd: ``etcd://[user@]host[:2379][,host...]/prefix``, ``etcds://`` for TLS."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.errors import UsageError

DEFAULT_PORT = 2379
_FORM = "etcd://[user@]host[:2379][,host...]/prefix[?ca=FILE&cert=FILE&key=FILE]"
_FILES = ("ca", "cert", "key")


class EtcdAddress(
    namedtuple("EtcdAddress", ("location", "endpoints", "prefix", "tls", "user", "ca", "cert", "key"))
):
    """What an address says."""

    __slots__ = ()

    location: str
    """The address without the names of files, for people."""
    endpoints: tuple[tuple[str, int], ...]
    """Hosts and ports; an address of IPv6 without its brackets."""
    prefix: bytes
    """The prefix of all keys, with its ``/`` at the end."""
    tls: bool
    user: str | None
    ca: str | None
    """Path of the certificates that the server's is checked against; None: those of the system."""
    cert: str | None
    key: str | None


def parse(address: str) -> EtcdAddress:
    """Return what an address says. Raises UsageError."""
    scheme, _, rest = address.partition("://")
    rest, _, query = rest.partition("?")
    where, slash, prefix = rest.partition("/")
    user, at, hosts = where.rpartition("@")
    if scheme not in ("etcd", "etcds") or not hosts:
        raise _wrong(address, "names no host")
    if ":" in user:
        raise UsageError(
            "a store address must not hold a password",
            hint="it goes into SLOTH_STORE_PASSWORD or [store] password_file",
        )
    if at and not user:
        raise _wrong(address, "names no user before the @")
    prefix = prefix.strip("/")
    if not slash or not prefix:
        raise _wrong(address, "names no prefix")
    if "\0" in prefix:
        raise _wrong(address, "has NUL in its prefix")
    files = _files(address, query)
    tls = scheme == "etcds"
    if files and not tls:
        raise _wrong(address, "names certificates, but is not etcds://")
    if ("cert" in files) != ("key" in files):
        raise _wrong(address, "names only one of cert and key")
    endpoints = tuple(_endpoint(address, host) for host in hosts.split(","))
    location = f"{scheme}://{where}/{prefix}"
    return EtcdAddress(
        location, endpoints, prefix.encode() + b"/", tls, user or None, *(files.get(name) for name in _FILES)
    )


def _files(address: str, query: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, path = part.partition("=")
        if name not in _FILES:
            raise _wrong(address, f"has the unknown parameter '{name}'")
        if not path:
            raise _wrong(address, f"names no file after {name}=")
        from os.path import expanduser
        from urllib.parse import unquote

        files[name] = expanduser(unquote(path))
    return files


def _endpoint(address: str, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if text.endswith("]") or not colon:
        host, port = text, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host:
        raise _wrong(address, "names an empty host")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise _wrong(address, f"has the port '{port}'")
    return host, int(port)


def _wrong(address: str, what: str) -> UsageError:
    return UsageError(f"the store address '{address}' {what}", hint=_FORM)
