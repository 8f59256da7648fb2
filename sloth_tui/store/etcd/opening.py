"""Open a store on etcd."""

from __future__ import annotations

from functools import partial

from sloth_tui.agents import DEFAULT_AGENT, check_name
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.etcd.client.address import parse
from sloth_tui.store.etcd.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.model import Origin, StoreCheck
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.etcd.agents import EtcdAgents
    from sloth_tui.store.etcd.client.address import EtcdAddress
    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.entries.reading import EntryReading
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
    """Open the store of an agent. No call is made to the server yet; the first one raises AgentNotFound if
    there is no store to read.

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
    """Open only the entries of an agent, for a few calls. Raises as :func:`open_store`."""
    from sloth_tui.store.etcd.entries.reading import EntryReading

    return EntryReading(_session(address, agent, read_only=True, brief=True))


def open_agents(address: str) -> EtcdAgents:
    """Open the list of agents. No call is made to the server yet. Raises UsageError, DatabaseUnusable."""
    from sloth_tui.store.etcd.agents import EtcdAgents

    return EtcdAgents(partial(_session, address), parse(address))


def check(address: str) -> StoreCheck:
    """Ask the server what it is, and read from it. Raises UsageError, DatabaseUnusable."""
    from time import perf_counter

    from sloth_tui.model import StoreCheck
    from sloth_tui.store.address import password_warning
    from sloth_tui.store.etcd.client.messages import Range
    from sloth_tui.store.etcd.data.head import head_of

    with _session(address, DEFAULT_AGENT, read_only=True) as session:
        status = session.patiently(session.channel.status)
        wanted = Range(session.layout.head)
        # The first read also logs in.
        session.range(wanted)
        began = perf_counter()
        head = session.range(wanted)
        took = perf_counter() - began
        head_of(head, session.location)
        where = session.address
        warnings = [f"the server reports: {alarm}" for alarm in status.errors]
        if where.user is not None and not where.tls:
            warnings.append("the password of the user travels in clear: encrypt with etcds://")
        exposed = password_warning()
        if exposed is not None:
            warnings.append(exposed)
        return StoreCheck(
            "etcd", where.location, status.version, where.tls, where.user, took * 1000, tuple(warnings)
        )


def _session(
    address: str,
    agent: str,
    *,
    read_only: bool,
    brief: bool = False,
    clock: Clock = SYSTEM_CLOCK,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
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
        must_exist=read_only and agent != DEFAULT_AGENT,
    )


def open_channel(address: EtcdAddress, *, brief: bool = False) -> Channel:
    """Return a channel to a server: by its JSON gateway if it is for a few calls, else by gRPC. Raises
    DatabaseUnusable if the package for it is missing."""
    # A user who is told by the certificate of the client is unknown to the gateway.
    if brief and address.cert is None:
        from sloth_tui.store.etcd.client.gateway import GatewayChannel

        return GatewayChannel(address, _password() if address.user else None, partial(open_channel, address))
    try:
        from sloth_tui.store.etcd.client.channel import GrpcChannel
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
