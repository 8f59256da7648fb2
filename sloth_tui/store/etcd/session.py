"""One handle's connection to an agent's store, and what it knows between two calls."""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from time import monotonic, sleep

from sloth_tui.errors import Interrupted, NotWritable
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.etcd.client.failures import (
    COMPACTED,
    FUTURE,
    NO_LEADER,
    TRY_AGAIN,
    UNREACHABLE,
    Failed,
    error_for,
    unreachable,
)
from sloth_tui.store.etcd.client.messages import Range, Txn, flattened, nested
from sloth_tui.store.etcd.data.head import NONE
from sloth_tui.store.etcd.data.layout import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeVar

    from sloth_tui.errors import SlothError
    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.etcd.client.address import EtcdAddress
    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.client.keeping import Keeper
    from sloth_tui.store.etcd.client.messages import KeyValue, RangeAnswer
    from sloth_tui.store.etcd.data.head import Head
    from sloth_tui.store.etcd.data.overlay import Work
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.data.secret_keys import Secrets

    T = TypeVar("T")


class Reading(namedtuple("Reading", ("answers", "revision"))):
    """What several ranges found at one moment."""

    __slots__ = ()

    answers: list[RangeAnswer]
    revision: int
    """The server's revision."""


PATIENCE_SECONDS = 10.0
"""How long a server is tried that answered before."""
FIRST_PATIENCE_SECONDS = 2.0
"""How long a server is tried that has not answered yet."""
_PAUSE_SECONDS = 0.1
ATTEMPT_SECONDS = 5.0
"""How long one attempt waits for an answer."""
FIRST_ATTEMPT_SECONDS = 2.0
"""The same, of a member of several while none has answered: one that is silent is left for the next."""
_LIST_SECONDS = 30.0
"""How long one attempt waits for a list of any length."""


class Session:
    """A handle's connection and its state between calls. Belongs to one thread at a time, but for
    :meth:`interrupt`."""

    __slots__ = (
        "_answered",
        "_interrupts",
        "_keeper",
        "_read_settings",
        "_seen",
        "_settings",
        "address",
        "agent",
        "change",
        "change_size",
        "channel",
        "clock",
        "contended_until",
        "deadlines",
        "fences",
        "gate_is_held",
        "head",
        "known",
        "layout",
        "must_exist",
        "open_channel",
        "origin",
        "patience",
        "read_only",
        "secrets",
        "settled",
        "sweep_due",
        "trimmed",
        "work",
        "writes",
    )

    def __init__(
        self,
        open_channel: Callable[[], Channel],
        address: EtcdAddress,
        agent: str,
        *,
        read_only: bool,
        clock: Clock,
        origin: Origin | None,
        settings: Callable[[], Settings],
        must_exist: bool = False,
    ) -> None:
        self.open_channel = open_channel
        self.channel = open_channel()
        self.address = address
        self.agent = agent
        self.layout = Layout(address.prefix, agent)
        self.read_only = read_only
        self.must_exist = must_exist
        """True if an agent without a store is an error, rather than an empty store."""
        self.clock = clock
        self.origin = origin
        self.patience = PATIENCE_SECONDS
        self._keeper: Keeper | None = None
        self.fences: dict[str, int] = {}
        """Lock name -> token that must be held for every write of an entry."""
        self.deadlines: dict[str, tuple[int, int]] = {}
        """Name of a lock that this handle took -> its token, and when it ends by the handle's clock."""
        self.change: int | None = None
        """The number of the change set that writes belong to; None until the first write under this
        origin."""
        self.change_size = 0
        """How many revisions that change set made so far."""
        self.head: Head = NONE
        """The head as this handle knows it: perhaps no longer the newest."""
        self.settled: KeyValue | None = None
        """The head's key when it was last read without a pending commit."""
        self.known: dict[bytes, Kept | None] = {}
        """Entries as they are at :attr:`head`."""
        self.secrets: Secrets | None = None
        """What is known of the secrets."""
        self.writes = 0
        """How many changes this handle made; for retention, like the next two."""
        self.trimmed: dict[bytes, float] = {}
        """Key -> until when its revisions need not be counted again, on the monotonic clock."""
        self.sweep_due = False
        """True if old history is to be swept up when this handle closes."""
        self.work: Work | None = None
        """The transaction that is under way."""
        self.gate_is_held = False
        """True if another writer held the gate when it was last read."""
        self.contended_until = 0.0
        """Until when, on the monotonic clock, this handle takes turns with other processes of its host."""
        self._answered = False
        self._interrupts = 0
        self._seen = 0
        self._read_settings = settings
        self._settings: Settings | None = None

    def another(self) -> Session:
        """Return a session to read the same store, with a channel of its own."""
        return Session(
            self.open_channel,
            self.address,
            self.agent,
            read_only=True,
            clock=self.clock,
            origin=None,
            settings=self._read_settings,
        )

    @property
    def keeper(self) -> Keeper:
        """The thread that keeps leases alive; it begins with the first one."""
        if self._keeper is None:
            from sloth_tui.store.etcd.client.keeping import Keeper

            self._keeper = Keeper(self.channel)
        return self._keeper

    @property
    def location(self) -> str:
        return self.address.location

    @property
    def settings(self) -> Settings:
        """The settings, which are read once. Raises InvalidConfig."""
        if self._settings is None:
            self._settings = self._read_settings()
        return self._settings

    def own_remaining(self, name: str, token: int) -> float | None:
        """Return the seconds left of a lock that this handle holds under a token; None if it does not.

        The holder counts from before he asked, by his own clock, so he gives up before the server does.
        """
        token_held, deadline = self.deadlines.get(name, (0, 0))
        if token_held != token:
            return None
        return max(0.0, (deadline - self.clock.now()) / NANOSECONDS)

    def require_writable(self) -> None:
        """Raise NotWritable if this handle was opened to read."""
        if self.read_only:
            raise NotWritable(f"{self.location}: opened read-only", hint="nothing was written")

    def range(self, request: Range) -> RangeAnswer:
        """Read one key or a range. Raises DatabaseUnusable, Interrupted."""
        answer = self.patiently(partial(self.channel.range, request), seconds=_attempt_seconds(request))
        self.require_later(answer.revision)
        return answer

    def read(self, *ranges: Range) -> list[RangeAnswer]:
        """Read several ranges at one moment. Raises DatabaseUnusable, Interrupted."""
        return self.read_at(*ranges).answers

    def read_at(self, *ranges: Range) -> Reading:
        """Like :meth:`read`; return the server's revision as well."""
        request = Txn((), nested(ranges))
        answer = self.patiently(partial(self.channel.txn, request), seconds=_attempt_seconds(*ranges))
        self.require_later(answer.revision)
        found = answer.answers if request.then is ranges else flattened(answer.answers)
        return Reading(found, answer.revision)

    def require_later(self, revision: int) -> None:
        """Take note of a revision of the server. Raises DatabaseUnusable if this handle has seen a later one:
        the cluster was restored from a backup, and may give the tokens of locks a second time."""
        if revision < self._seen:
            raise error_for(Failed(FUTURE, ""), self.location, writing=False)
        self._seen = revision

    def require_newer(self, head: Head) -> None:
        """Raise DatabaseUnusable if a head is older than the one that is known."""
        if 0 < head.mod < self.head.mod:
            raise error_for(Failed(FUTURE, ""), self.location, writing=False)

    def patiently(
        self, call: Callable[[float], T], *, writing: bool = False, seconds: float = ATTEMPT_SECONDS
    ) -> T:
        """Return what ``call``, given the seconds that one attempt may take, returns: again and again while
        the server cannot be reached. Only for what may be done twice. ``seconds`` is the most that one
        attempt may take.

        Raises DatabaseUnusable, NotWritable, Interrupted, and Failed if the revision to read at was
        compacted."""
        interrupts, began = self._interrupts, monotonic()
        no_leader: Failed | None = None
        untried = 0 if self._answered else len(self.address.endpoints)
        while True:
            is_hasty = untried > 1 and seconds <= ATTEMPT_SECONDS
            untried -= 1
            try:
                answer = call(min(seconds, FIRST_ATTEMPT_SECONDS) if is_hasty else seconds)
            except Failed as failed:
                waited = monotonic() - began
                if failed.kind == NO_LEADER:
                    no_leader = failed
                if self._interrupts != interrupts:
                    raise Interrupted from None
                if failed.kind == COMPACTED:
                    raise
                patience = self.patience if self._answered else min(self.patience, FIRST_PATIENCE_SECONDS)
                is_over = waited + _PAUSE_SECONDS >= patience and untried <= 0
                if failed.kind not in TRY_AGAIN or is_over:
                    # One member without a leader says more than others that are down.
                    worst = no_leader if failed.kind == UNREACHABLE and no_leader else failed
                    raise self._error_for(worst, writing=writing, seconds=max(patience, waited)) from None
            else:
                self._answered = True
                return answer
            sleep(_PAUSE_SECONDS)

    def _error_for(self, failed: Failed, *, writing: bool, seconds: float) -> SlothError:
        if failed.kind != UNREACHABLE or self._answered:
            return error_for(failed, self.location, writing=writing, seconds=seconds)
        from sloth_tui.store.etcd.diagnosis import explain

        cause = explain(self.address)
        return unreachable(self.location, seconds, *(cause or ()))

    def interrupt(self) -> None:
        """Let the call that another thread makes on this handle raise Interrupted; safe from any thread."""
        self._interrupts += 1
        self.channel.interrupt()

    def learn(self, head: Head) -> None:
        """Take note of the newest head; what is known of entries counts only while it stays the same. Raises
        DatabaseUnusable if the cluster was restored from a backup."""
        self.require_newer(head)
        if head.mod != self.head.mod:
            self.known.clear()
        self.head = head

    def close(self) -> None:
        """Close the channel; tied locks stay held until they are released, run out, or the process ends."""
        if self._keeper is None:
            self.channel.close()
        else:
            self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def origin_now(self) -> Origin:
        """Return the author of changes: the one that was set, or this process."""
        if self.origin is None:
            from sloth_tui.origin import this_process

            self.origin = this_process("sloth-runner", "")
        return self.origin

    def set_origin(self, origin: Origin) -> None:
        """Record ``origin`` as the author of later changes, in a new change set."""
        self.origin = origin
        self.change = None
        self.change_size = 0

    def now(self) -> int:
        """Return the time of the wall clock in unix milliseconds."""
        return int(self.clock.wall() * 1000)

    def deadline(self, seconds: float) -> int:
        """Return when a time to live is over that begins now, in unix milliseconds."""
        return max(round((self.clock.wall() + seconds) * 1000), self.now() + 1)

    @property
    def is_due(self) -> bool:
        """Return True if an entry may be past its time to live, as far as the handle knows."""
        return self.head.is_due(self.now())


def _attempt_seconds(*requests: Range) -> float:
    for request in requests:
        if request.end is not None and (request.many or not request.limit):
            return _LIST_SECONDS
    return ATTEMPT_SECONDS
