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
) -> EtcdStore:
    """Open the store of an agent. No call is made to the server yet. Raises UsageError, InvalidAgentName,
    DatabaseUnusable."""
    where = parse(address)
    session = Session(
        partial(open_channel, where),
        where,
        check_name(agent),
        read_only=mode == "read",
        clock=clock,
        origin=origin,
        settings=settings,
    )
    return EtcdStore(session)


def open_channel(address: EtcdAddress) -> Channel:
    """Return a channel to a server. Raises DatabaseUnusable if the package for it is missing."""
    try:
        from sloth_tui.store.etcd.channel import GrpcChannel
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        raise DatabaseUnusable(
            "etcd:// needs the package grpcio", hint="pip install 'sloth_tui[etcd]'"
        ) from None
    return GrpcChannel(address, os.environ.get("SLOTH_STORE_PASSWORD"))
