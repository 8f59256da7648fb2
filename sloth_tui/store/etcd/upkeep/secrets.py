"""The keys that hold secrets: history keeps no values of them.

Keys are marked one by one, or by the patterns of the settings. A mark is a commit of its own, and changes the
head: so no commit that does not know it can follow. Then the values are dropped that history holds already,
record by record; until that is done every reader leaves them out. A pattern stays: settings of another user
that lack it do not remove it.
"""

from __future__ import annotations

from functools import partial

from sloth_tui.store.etcd.client.messages import Compare, Delete, Put, Range, Txn, after, nested
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.data.layout import number_at_end
from sloth_tui.store.etcd.data.records import ABSENT, HIDDEN, decode_record, encode_record
from sloth_tui.store.etcd.data.secret_keys import Secrets
from sloth_tui.store.etcd.snapshots import walking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sloth_tui.store.etcd.client.messages import Operation
    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.data.layout import Layout
    from sloth_tui.store.etcd.session import Session

_AT_ONCE = 64
"""Records rewritten by one request."""


def is_secret(session: Session, key: bytes, head: Head) -> bool:
    """Return True if history keeps no values of a key, by what was marked when ``head`` was the head. Raises
    DatabaseUnusable."""
    if not head.secrets:
        return False
    known = session.secrets
    if known is None or known.generation < head.secrets:
        known = session.secrets = _read(session)
    return known.include(key)


def test_of(session: Session, head: Head, patterns: Sequence[str]) -> Callable[[bytes], bool]:
    """Return what tells whether history keeps no values of a key, after the next commit on this head, which
    marks these patterns."""
    new = Secrets(0, frozenset(), tuple(patterns))
    return lambda key: is_secret(session, key, head) or new.include(key)


def unknown_patterns(session: Session) -> tuple[str, ...]:
    """Return the patterns of the settings that are not marked yet. Raises InvalidConfig."""
    patterns = set(session.settings.secret_keys)
    if not patterns:
        return ()
    known = session.secrets
    if known is None or not patterns.issubset(known.patterns):
        known = session.secrets = _read(session)
    return tuple(sorted(patterns.difference(known.patterns)))


def marks(layout: Layout, patterns: Sequence[str]) -> list[Operation]:
    """Return what marks these patterns in a commit, whose head must be of the next generation."""
    return [Put(layout.patterns + pattern.encode("utf-8", "surrogateescape"), b"") for pattern in patterns]


def drop_matching(session: Session, patterns: Sequence[str]) -> None:
    """Drop the values that history holds of keys that match one of these patterns."""
    new, layout = Secrets(0, frozenset(), tuple(patterns)), session.layout
    chains = walking.names_between(session, layout.chains, after(layout.chains))
    _drop_values(session, [name for name in chains if new.include(layout.key_of_chain(name))])


def drop_values(session: Session, key: bytes) -> None:
    """Drop the values that history holds of a key."""
    _drop_values(session, list(walking.names_between(session, *session.layout.chain_of(key))))


def _read(session: Session) -> Secrets:
    layout = session.layout
    head, keys, patterns = session.read(
        Range(layout.head),
        Range(layout.secrets, after(layout.secrets), keys_only=True),
        Range(layout.patterns, after(layout.patterns), keys_only=True),
    )
    return Secrets(
        head_of(head, session.location).secrets,
        frozenset(kv.key[len(layout.secrets) :] for kv in keys.kvs),
        tuple(kv.key[len(layout.patterns) :].decode("utf-8", "surrogateescape") for kv in patterns.kvs),
    )


def _drop_values(session: Session, chain: Sequence[bytes]) -> None:
    """Rewrite these records without the values that they hold; some may be gone meanwhile."""
    layout, revisions = session.layout, [number_at_end(name) for name in chain]
    for first in range(0, len(revisions), _AT_ONCE):
        part = revisions[first : first + _AT_ONCE]
        done = False
        while not done:
            answers = session.read(*(Range(layout.record(revision)) for revision in part))
            compares: list[Compare] = []
            then: list[Operation] = []
            for kv in (kv for answer in answers for kv in answer.kvs):
                record = decode_record(number_at_end(kv.key), kv.value)
                if record.old_kind in (ABSENT, HIDDEN):
                    continue
                hidden = record._replace(old_kind=HIDDEN, old=b"", old_size=0, old_blob=None)
                compares.append(Compare(kv.key, "mod", kv.mod))
                then.append(Put(kv.key, encode_record(hidden)))
                if record.old_blob is not None:
                    pieces = layout.blobs + record.old_blob + b"/"
                    then.append(Delete(pieces, after(pieces)))
            if not then:
                break
            request = Txn(compares, nested(then))
            done = session.patiently(partial(session.channel.txn, request), writing=True).succeeded
