"""The names of the keys that hold one agent's store.

Numbers in names are 16 hexadecimal digits, so that their order is that of the numbers::

    PREFIX/agents/AGENT          this agent exists: format, when it was created, by whom
    PREFIX/a/AGENT/h             the head: the commit point of everything below
    .../e/KEY                    an entry
    .../t/DEADLINE NUL KEY       which entry ends when, in unix milliseconds; empty
    .../r/REVISION               a revision: what a change replaced
    .../k/KEY NUL REVISION       the revisions of one key; empty
    .../c/CHANGE                 a change set: who, when, its first revision
    .../n/CHANGE                 how many revisions it made, and the last of them
    .../u/RUN NUL CHANGE         the change sets of one run; empty
    .../l/NAME                   a lock, attached to a lease; its fencing token is its create revision
    .../L/REVISION               a lock that was taken away; REVISION counts the server's
    .../y/TIME NONCE             an acquisition of a lock, and what became of it
    .../x/KEY   .../X/PATTERN    what holds secrets; empty
    .../f/KEY   .../F            the last revision forgotten of a key, and of all keys
    .../M                        how far old history was swept up, and when
    .../b/BLOB/NUMBER            a piece of a value too large for one request
    .../s/COMMIT/NUMBER          staged writes of a commit too large for one request
    .../w                        who loads the empty store from a stream, attached to a lease
    .../o/NAME                   such pieces or stages whose commit is not made yet: since when
    .../g   .../q/LEASE          the gate of the one writer in a transaction, and those who wait for it
"""

from __future__ import annotations

from sloth_tui.store.etcd.client.messages import after

NUMBER = b"%016x"
OTHERS = 1 << 62
"""Numbers of change sets from here on are of bursts of writes by other programs, in a store that was loaded:
this plus the first revision. They have no number in the files where such programs write."""


class Layout:
    """The names under one prefix, of one agent."""

    __slots__ = (
        "base",
        "begun",
        "blobs",
        "breaks",
        "chains",
        "changes",
        "entries",
        "forgotten",
        "gate",
        "head",
        "horizon",
        "locks",
        "mark",
        "patterns",
        "queue",
        "records",
        "runs",
        "secrets",
        "sizes",
        "stages",
        "swept",
        "ttls",
        "turn",
        "uses",
    )

    def __init__(self, prefix: bytes, agent: str) -> None:
        """``prefix`` ends in ``/``."""
        self.mark = prefix + b"agents/" + agent.encode()
        self.base = base = prefix + b"a/" + agent.encode() + b"/"
        self.head, self.gate, self.horizon = base + b"h", base + b"g", base + b"F"
        self.entries, self.records, self.chains = base + b"e/", base + b"r/", base + b"k/"
        self.changes, self.sizes, self.runs = base + b"c/", base + b"n/", base + b"u/"
        self.locks, self.breaks, self.swept = base + b"l/", base + b"L/", base + b"M"
        self.secrets, self.patterns, self.forgotten = base + b"x/", base + b"X/", base + b"f/"
        self.blobs, self.stages, self.queue = base + b"b/", base + b"s/", base + b"q/"
        self.turn, self.ttls, self.uses = base + b"w", base + b"t/", base + b"y/"
        self.begun = base + b"o/"

    def entry(self, key: bytes) -> bytes:
        return self.entries + key

    def entries_between(self, low: bytes, high: bytes | None) -> tuple[bytes, bytes]:
        """Return the range of the entries from ``low`` up to, not including, ``high`` (None: to the last)."""
        return self.entries + low, after(self.entries) if high is None else self.entries + high

    def record(self, revision: int) -> bytes:
        return self.records + NUMBER % revision

    def chain(self, key: bytes, revision: int) -> bytes:
        return self.chains + key + b"\0" + NUMBER % revision

    def chain_of(self, key: bytes) -> tuple[bytes, bytes]:
        """Return the range of all revisions of a key."""
        return self.chains + key + b"\0", self.chains + key + b"\1"

    def change(self, number: int) -> bytes:
        return self.changes + NUMBER % number

    def size(self, change: int) -> bytes:
        return self.sizes + NUMBER % change

    def run_of(self, run: str) -> bytes:
        """Return what the names of all change sets of a run begin with."""
        return self.runs + run.encode("utf-8", "backslashreplace") + b"\0"

    def ttl(self, deadline: int, key: bytes) -> bytes:
        return self.ttls + NUMBER % deadline + b"\0" + key

    def key_of_ttl(self, name: bytes) -> bytes:
        """Return the key in such a name."""
        return name[len(self.ttls) + 17 :]

    def key_of_chain(self, name: bytes) -> bytes:
        """Return the key in the name of one of its revisions."""
        return name[len(self.chains) : -17]

    def lock(self, name: str) -> bytes:
        return self.locks + name.encode("utf-8", "surrogatepass")

    def blob(self, name: bytes, number: int) -> bytes:
        return self.blobs + name + b"/" + NUMBER % number

    def stage(self, commit: bytes, number: int) -> bytes:
        return self.stages + commit + b"/" + NUMBER % number

    def ticket(self, lease: int) -> bytes:
        return self.queue + NUMBER % lease


def number_at_end(name: bytes) -> int:
    """Return the number at the end of such a name. Raises DatabaseUnusable."""
    try:
        return int(name[-16:], 16)
    except ValueError:
        from sloth_tui.store.etcd.data.records import foreign, name_of

        raise foreign(name_of(name)) from None
