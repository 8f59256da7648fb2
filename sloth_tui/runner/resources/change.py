"""What a resource changed, or would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.host import Attributes, Found
    from sloth_tui.runner.resources.difference import Difference


class Handling(NamedTuple):
    """How content is treated."""

    validate: str | None = None
    """See :class:`sloth_tui.runner.hosts.host.Replacement`, as for ``backup``."""
    backup: bool = False
    secret: bool = False
    """The content appears in no difference."""
    diff: bool = False
    """A difference is wanted."""


class Change(NamedTuple):
    """The outcome of one resource. In check mode, what it would have been."""

    kind: str
    """As in :class:`sloth_tui.runner.events.Resource`."""
    name: str
    """The path, as the task calls it."""
    what: list[str]
    """What differed; empty if all was as wanted."""
    path: str
    """With all links followed, unless the link itself is meant."""
    checksum: str | None = None
    """The SHA-256 of the content now, of a file."""
    backup: str | None = None
    """The path of the replaced file."""
    difference: Difference | None = None
    names: tuple[str, ...] = ()
    """Of a tree: what in it was changed."""

    @property
    def changed(self) -> bool:
        return bool(self.what)


def differing(found: Found, wanted: Attributes) -> tuple[list[str], Attributes]:
    """Return which attributes differ, in words, and only these of the wanted ones."""
    mode = None if wanted.mode == found.mode else wanted.mode
    uid = None if wanted.uid == found.uid else wanted.uid
    gid = None if wanted.gid == found.gid else wanted.gid
    words = [] if mode is None else [f"mode {found.mode:04o} -> {mode:04o}"]
    words += [] if uid is None else ["owner"]
    words += [] if gid is None else ["group"]
    return words, wanted._replace(mode=mode, uid=uid, gid=gid)
