"""The log of locks: the last acquisitions of each are in its object, so that to keep it costs no request."""

from __future__ import annotations

from sloth_tui.model import LockUse
from sloth_tui.store.lock_log import BROKEN, KEPT_OF_EACH, RELEASED, decode, encode, outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import Lock
    from sloth_tui.origin import Origin
    from sloth_tui.store.s3.leases.leases import Body


def begun(before: tuple[str, ...], body: Body, origin: Origin) -> tuple[str, ...]:
    """Return the log with a new acquisition."""
    use = LockUse(
        name=body.name,
        holder=body.holder,
        token=body.token,
        acquired_at=body.acquired_at,
        until=body.expires_at,
        ephemeral=body.tied,
        renewals=0,
        renewed_at=None,
        ended_at=None,
        end=None,
        origin=origin,
        ended_by=None,
    )
    return (*before, encode(use))[-KEPT_OF_EACH:]


def renewed(body: Body) -> tuple[str, ...]:
    """Return the log after a renewal, which ``body`` is the content after."""
    use = _last(body)
    if use is None:
        return body.log
    now = body.expires_at - body.left
    use = use._replace(until=body.expires_at, renewals=use.renewals + 1, renewed_at=now)
    return (*body.log[:-1], encode(use))


def ended(body: Body, origin: Origin, now: float, *, broken: bool) -> tuple[str, ...]:
    """Return the log after the lock was released or broken. ``now``: unix seconds."""
    use = _last(body)
    if use is None:
        return body.log
    use = use._replace(ended_at=now, end=BROKEN if broken else RELEASED, ended_by=origin)
    return (*body.log[:-1], encode(use))


def history(
    bodies: Iterable[Body], held: Callable[[str], Lock | None], now: float, limit: int
) -> list[LockUse]:
    """Return the acquisitions in these objects, newest first, and what became of them."""
    uses = [decode(line) for body in bodies for line in body.log]
    uses.sort(key=lambda use: (use.acquired_at, use.token), reverse=True)
    return outcomes(uses, held, now, limit)


def _last(body: Body) -> LockUse | None:
    """Return the acquisition that holds the lock, if it is in the log."""
    use = decode(body.log[-1]) if body.log else None
    return use if use is not None and use.token == body.token and use.end is None else None
