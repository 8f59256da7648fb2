"""Open a store on etcd."""

from __future__ import annotations

from functools import partial

from sloth_tui.agents import check_name
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.etcd.address import parse
from sloth_tui.store.etcd.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.etcd.address import EtcdAddress
    from sloth_tui.store.etcd.reading import EntryReading
    from sloth_tui.store.etcd.session import Channel
    from sloth_tui.store.etcd.store import EtcdStore


def _settings() -> Settings:
    from sloth_tui.settings import load_settings

    return load_settings()


def open_store(
    address: str,
    agent: str,
    mode: Literal["read", "write"] = "read",
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
    clock: Clock = SYSTEM_CLOCK,
    brief: bool = False,
) -> EtcdStore:
    """Open the store of an agent. No call is made to the server yet.

    ``brief``: a few calls will be made, by a process that then ends. Raises UsageError, InvalidAgentName,
    DatabaseUnusable.
    """
    # Imported here: a script that gets one value needs none of it.
    from sloth_tui.store.etcd.store import EtcdStore

    return EtcdStore(
        _session(
            address,
            agent,
            read_only=mode == "read",
            brief=brief,
            clock=clock,
            origin=origin,
            settings=settings,
        )
    )


def open_entries(address: str, agent: str) -> EntryReading:
    """Open the entries of an agent for a few calls. Raises UsageError, InvalidAgentName, DatabaseUnusable."""
    from sloth_tui.store.etcd.reading import EntryReading

    return EntryReading(
        _session(
            address, agent, read_only=True, brief=True, clock=SYSTEM_CLOCK, origin=None, settings=_settings
        )
    )


def _session(
    address: str,
    agent: str,
    *,
    read_only: bool,
    brief: bool,
    clock: Clock,
    origin: Origin | None,
    settings: Callable[[], Settings],
) -> Session:
    where = parse(address)
    return Session(
        partial(open_channel, where, brief=brief),
        where,
        check_name(agent),
        read_only=read_only,
        clock=clock,
        origin=origin,
        settings=settings,
    )


def open_channel(address: EtcdAddress, *, brief: bool = False) -> Channel:
    """Return a channel to a server: by its JSON gateway if it is for a few calls, else by gRPC. Raises
    DatabaseUnusable if the package for it is missing."""
    # A user who is told by the certificate of the client is unknown to the gateway.
    if brief and address.cert is None:
        from sloth_tui.store.etcd.gateway import GatewayChannel

        return GatewayChannel(address, _password() if address.user else None, partial(open_channel, address))
    try:
        from sloth_tui.store.etcd.channel import GrpcChannel
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        raise DatabaseUnusable(
            "etcd:// needs the package grpcio", hint="pip install 'sloth_tui[etcd]'"
        ) from None
    return GrpcChannel(address, _password() if address.user else None)


def _password() -> str | None:
    from sloth_tui.store.address import password

    return password()
