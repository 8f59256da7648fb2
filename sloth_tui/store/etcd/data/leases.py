"""A lock as it is kept: who holds it, and for how long."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.store.process import is_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import Lock, Owner
    from sloth_tui.store.etcd.client.messages import KeyValue


class Held(
    namedtuple(
        "Held",
        ("name", "holder", "token", "lease", "at", "seconds", "ephemeral", "nonce", "owner", "log"),
        defaults=(None,),
    )
):
    """One acquisition of a lock."""

    __slots__ = ()

    name: str
    holder: str
    token: int
    """The create revision of its key: greater with every acquisition."""
    lease: int
    at: tuple[float, float]
    """Unix seconds at which it was acquired, and at which it was last renewed, by the wall clock: for
    people."""
    seconds: float
    """Length of the lease as it was asked for."""
    ephemeral: bool
    nonce: str
    """Drawn by each request: whoever did not get an answer recognises his own."""
    owner: Owner
    log: tuple[str, list[Any], int] | None
    """Of the log: the end of the name of the acquisition's key, the fields of who acquired it, and how often
    it was renewed. None for a lock that an older version took."""


def encode(held: Held) -> bytes:
    import json

    return json.dumps(
        {
            "holder": held.holder,
            "at": held.at,
            "seconds": held.seconds,
            "ephemeral": held.ephemeral,
            "nonce": held.nonce,
            "owner": held.owner,
            "log": held.log,
        },
        ensure_ascii=False,
    ).encode()


def decode(name: str, kept: KeyValue) -> Held:
    """Return the lock in a key. Raises DatabaseUnusable for what this program did not write."""
    import json

    try:
        return _held(name, kept, json.loads(kept.value))
    except (ValueError, KeyError, TypeError):
        from sloth_tui.store.etcd.data.records import foreign, name_of

        raise foreign(name_of(kept.key)) from None


def _held(name: str, kept: KeyValue, fields: dict[str, Any]) -> Held:
    from sloth_tui.model import Owner

    acquired, renewed = fields["at"]
    return Held(
        name,
        fields["holder"],
        kept.create,
        kept.lease,
        (acquired, renewed),
        fields["seconds"],
        fields["ephemeral"],
        fields["nonce"],
        Owner(*fields["owner"]),
        fields.get("log"),
    )


def lock_of(held: Held, remaining: float, boot_id: str) -> Lock:
    """Return the lock with this time left, on a machine with this boot id."""
    from sloth_tui.model import Lock

    return Lock(
        name=held.name,
        holder=held.holder,
        token=held.token,
        acquired_at=held.at[0],
        expires_at=held.at[1] + held.seconds,
        remaining=remaining,
        owner=held.owner,
        ephemeral=held.ephemeral,
        alive=is_alive(held.owner, boot_id),
    )
