"""Open a store on etcd."""

from __future__ import annotations

import os
from functools import partial

from sloth_tui.agents import check_name
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.settings import load_settings
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.etcd.address import parse
from sloth_tui.store.etcd.session import Session
from sloth_tui.store.etcd.store import EtcdStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.etcd.address import EtcdAddress
    from sloth_tui.store.etcd.session import Channel


def open_store(
    address: str,
    agent: str,
    mode: Literal["read", "write"] = "read",
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = load_settings,
    clock: Clock = SYSTEM_CLOCK,
    brief: bool = False,
) -> EtcdStore:
    """Open the store of an agent. No call is made to the server yet.

    ``brief``: a few calls will be made, by a process that then ends. Raises UsageError, InvalidAgentName,
    DatabaseUnusable.
    """
    where = parse(address)
    session = Session(
        partial(open_channel, where, brief=brief),
        where,
        check_name(agent),
        read_only=mode == "read",
        clock=clock,
        origin=origin,
        settings=settings,
    )
    return EtcdStore(session)


def open_channel(address: EtcdAddress, *, brief: bool = False) -> Channel:
    """Return a channel to a server: by its JSON gateway if it is for a few calls, else by gRPC. Raises
    DatabaseUnusable if the package for it is missing."""
    # A user who is told by the certificate of the client is unknown to the gateway.
    if brief and address.cert is None:
        from sloth_tui.store.etcd.gateway import GatewayChannel

        return GatewayChannel(address, _password(), partial(open_channel, address))
    try:
        from sloth_tui.store.etcd.channel import GrpcChannel
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        raise DatabaseUnusable(
            "etcd:// needs the package grpcio", hint="pip install 'sloth_tui[etcd]'"
        ) from None
    return GrpcChannel(address, _password())


def _password() -> str | None:
    return os.environ.get("SLOTH_STORE_PASSWORD")
