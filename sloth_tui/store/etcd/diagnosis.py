"""Why a server cannot be reached: gRPC has one status and unsteady words for all of it, so we look ourselves.

Done once, after a handle has given up a server that never answered it.
"""

from __future__ import annotations

import socket
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from sloth_tui.store.etcd.client.address import EtcdAddress

_SECONDS = 1.0
"""How long each host may take to be connected to, and to say something."""
_NOT_FOR_THIS_HOST = (62, 64)
_EXPIRED = (9, 10)
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What a client of HTTP/2 says first: servers of etcd answer it."""


class Cause(namedtuple("Cause", ("text", "hint"), defaults=(None,))):
    """Why a host cannot be reached."""

    __slots__ = ()

    text: str
    hint: str | None
    """What to do; None if it is nothing about how the address is written."""


def explain(address: EtcdAddress) -> Cause | None:
    """Return why a server cannot be reached: the first cause that lies in the address, else what all of its
    hosts have in common; None if they answer."""
    causes = [_look(address, host, port) for host, port in address.endpoints]
    for cause in causes:
        if cause is not None and cause.hint is not None:
            return cause
    found = list(dict.fromkeys(cause.text for cause in causes if cause is not None))
    return Cause(", ".join(found)) if found else None


def _look(address: EtcdAddress, host: str, port: int) -> Cause | None:
    try:
        connection = socket.create_connection((host, port), _SECONDS)
    except socket.gaierror:
        return Cause(f"the host {host} is not known")
    except TimeoutError:
        return Cause(f"{host} cannot be reached")
    except OSError as error:
        return Cause((error.strerror or str(error)).lower())
    with connection:
        return _greet_with_tls(address, connection, host) if address.tls else _greet(connection)


def _greet(connection: socket.socket) -> Cause | None:
    """Return what is wrong with a host that is spoken to without TLS."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    needs_tls = Cause("the server speaks TLS", "etcds://HOST/PREFIX")
    try:
        with context.wrap_socket(connection):
            return needs_tls
    except ssl.SSLError as error:
        # An alert is TLS, too.
        return needs_tls if "ALERT" in (error.reason or "") else None
    except OSError:
        return None


def _greet_with_tls(address: EtcdAddress, connection: socket.socket, host: str) -> Cause | None:
    """Return what is wrong with a host that is spoken to with TLS."""
    import ssl

    from sloth_tui.store.etcd.client.tls import context_for

    try:
        with context_for(address).wrap_socket(connection, server_hostname=host) as secure:
            secure.sendall(_HELLO)
            # With TLS 1.3 a server refuses a client after the client's part is done.
            return None if secure.recv(1) else _refused(address)
    except ssl.SSLCertVerificationError as error:
        return _unverified(address, error, host)
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            return _refused(address)
        return Cause("the server does not speak TLS", "etcd://HOST/PREFIX")
    except TimeoutError:
        return None
    except OSError:
        return Cause("the server does not speak TLS", "etcd://HOST/PREFIX")


def _refused(address: EtcdAddress) -> Cause:
    hint = "?cert=FILE&key=FILE in the store's address"
    if address.cert is None:
        return Cause("the server asks for a client certificate", hint)
    return Cause("the server does not accept the client certificate", hint)


def _unverified(address: EtcdAddress, error: ssl.SSLCertVerificationError, host: str) -> Cause:
    if error.verify_code in _NOT_FOR_THIS_HOST:
        return Cause(
            f"the server's certificate is not for {host}",
            "the address must name a host as the certificate does",
        )
    if error.verify_code in _EXPIRED:
        return Cause("the server's certificate is not valid now", "renew it, or set the clock")
    where = "this machine knows" if address.ca is None else f"is in {address.ca}"
    return Cause(
        f"the server's certificate is of no authority that {where}", "?ca=FILE in the store's address"
    )
