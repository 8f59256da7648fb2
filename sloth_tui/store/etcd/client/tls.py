"""The files of certificates that an address names."""

from __future__ import annotations

import ssl

from sloth_tui.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.address import EtcdAddress


def context_for(address: EtcdAddress) -> ssl.SSLContext:
    """Return what a connection takes. Raises UsageError for a file that cannot be used."""
    for path in (address.ca, address.cert, address.key):
        content(path)
    path = address.ca
    try:
        context = ssl.create_default_context(cafile=path)
        if address.cert is not None:
            path = address.cert
            context.load_cert_chain(address.cert, address.key)
    except ssl.SSLError:
        what = (
            "holds no certificates"
            if path == address.ca
            else f"holds no certificate of the key {address.key}"
        )
        raise _unusable(f"{path}: {what}") from None
    return context


def content(path: str | None) -> bytes | None:
    """Return what is in a file; None for none. Raises UsageError."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise _unusable(f"{path}: {error.strerror or error}") from error


def _unusable(what: str) -> UsageError:
    return UsageError(what, hint="it is named in the store's address")
