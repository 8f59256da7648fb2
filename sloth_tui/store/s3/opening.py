"""Open stores by an address ``s3://...``: what :mod:`sloth_tui.store.address` expects of a backend."""

from __future__ import annotations

import time

from sloth_tui.agents import DEFAULT_AGENT, check_name
from sloth_tui.errors import AgentNotFound
from sloth_tui.settings import load_settings
from sloth_tui.store.address import poll_seconds
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.agents import S3Agents
from sloth_tui.store.s3.client.address import parse
from sloth_tui.store.s3.client.objects import Bucket
from sloth_tui.store.s3.copies.reading import POLL_SECONDS
from sloth_tui.store.s3.probe import recall, require_conditions
from sloth_tui.store.s3.store import S3Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.model import Origin, StoreCheck
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.port import Agents, Entries, Store

_PLAIN = "nothing is encrypted on the way to {}: values can be read and changed there; use https"


def open_store(
    address: str,
    agent: str,
    mode: Literal["read", "write"],
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = load_settings,
    clock: Clock = SYSTEM_CLOCK,
    brief: bool = False,
) -> Store:
    """See :func:`sloth_tui.store.open_store`. ``read`` sends nothing but questions."""
    if mode not in ("read", "write"):
        raise ValueError(f"mode must be 'read' or 'write', not {mode!r}")
    check_name(agent)
    bucket = _bucket(address)
    store = S3Store(
        bucket,
        agent,
        read_only=mode == "read",
        origin=origin,
        settings=settings,
        clock=clock,
        poll=_poll(),
    )
    if mode == "read" and agent != DEFAULT_AGENT and not store.exists_at_all():
        store.close()
        from sloth_tui.text import listed

        names = S3Agents(bucket).names()
        raise AgentNotFound(f"agent '{agent}' has no database", hint="agents: " + listed(names))
    return store


def open_entries(address: str, agent: str) -> Entries:
    """See :func:`sloth_tui.store.open_entries`."""
    return open_store(address, agent, "read")


def open_agents(address: str) -> Agents:
    """Return the agents at this address, and operations on whole stores."""
    return S3Agents(_bucket(address), _poll())


def check(address: str) -> StoreCheck:
    """Ask the server, also whether it keeps the conditions of a change; for that, a small object is written
    and deleted if this is not known yet. Raises DatabaseUnusable, NotWritable."""
    from sloth_tui.model import StoreCheck

    bucket = _bucket(address)
    place = bucket.address
    began = time.monotonic()
    bucket.listed(place.prefix)
    latency = (time.monotonic() - began) * 1000
    require_conditions(bucket)
    return StoreCheck(
        backend="s3",
        location=place.text,
        version=place.server,
        tls=not place.is_plain,
        user=None,
        latency_ms=latency,
        warnings=(_PLAIN.format(place.endpoint),) if place.is_plain and not place.is_local else (),
    )


def _bucket(address: str) -> Bucket:
    bucket = Bucket(parse(address))
    recall(bucket)
    return bucket


def _poll() -> float:
    return poll_seconds(POLL_SECONDS)
