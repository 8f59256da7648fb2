"""The app's vocabulary: small typed messages in the past tense.

Data comes down to widgets by attribute; news goes up by these. Those of the first part are posted by
widgets, those of the second by the services, from whichever thread learned the news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

if TYPE_CHECKING:
    from sloth_tui.model import (
        ChangeSet,
        Entry,
        KeyGroup,
        Lock,
        LockBreak,
        Query,
        Revision,
        Row,
        Standing,
        Stats,
    )

# What a person did.


class AgentChosen(Message):
    """Somebody wants to see this agent."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class AgentEntered(Message):
    """Somebody is done choosing: on to the keys of the agent on screen."""


class FilterChanged(Message):
    """Other rows are wanted, or in another order."""

    def __init__(self, query: Query) -> None:
        super().__init__()
        self.query = query


class FilterLeft(Message):
    """The filter is done with for now; the keys go back to the table."""


class SortChosen(Message):
    """The head of a column was clicked; the same column again means the other way round."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column


class PageWanted(Message):
    """The table is about to show rows it does not have."""

    def __init__(self, generation: int, first: int, count: int) -> None:
        super().__init__()
        self.generation = generation
        self.first = first
        self.count = count


class RowHighlighted(Message):
    """The cursor has come to rest on this key; None: there is no row, or it is a node."""

    def __init__(self, key: str | None, node: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.node = node
        """The prefix of the node of a tree that it rests on instead."""


class RowChosen(Message):
    """Enter or a second click on the row of this key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class FoldWanted(Message):
    """A node of the tree is to be opened or closed."""

    def __init__(self, prefix: str, *, opened: bool) -> None:
        super().__init__()
        self.prefix = prefix
        self.opened = opened


class NodeSought(Message):
    """The cursor is to go to the node with this prefix, wherever it is."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix


class MarkWanted(Message):
    """The row under the cursor is to be marked, or not any more."""


class RangeMoved(Message):
    """A range of rows goes from one key to another."""

    def __init__(self, first: str, last: str, *, ends: bool) -> None:
        super().__init__()
        self.first = first
        self.last = last
        """Before or after ``first``."""
        self.ends = ends
        """Whether the range is chosen; else it may move on."""


class MarksChanged(Message):
    """So many keys are marked now."""

    def __init__(self, count: int, *, choosing: bool) -> None:
        super().__init__()
        self.count = count
        self.choosing = choosing
        """Whether a range is being chosen."""


class MarksDoubted(Message):
    """Rows have changed: keys that are marked may be gone."""


class HistoryWanted(Message):
    """The history of this key is on screen from now on; None: no history is."""

    def __init__(self, key: str | None, size: int = 0) -> None:
        super().__init__()
        self.key = key
        self.size = size
        """Bytes of its value."""


class LockHighlighted(Message):
    """The cursor stands on this lock; None: there is none."""

    def __init__(self, name: str | None) -> None:
        super().__init__()
        self.name = name


class LockRanOut(Message):
    """A lock on screen has reached the end of its time."""


class ChangeChosen(Message):
    """Somebody wants to see what this change set did."""

    def __init__(self, change: ChangeSet) -> None:
        super().__init__()
        self.change = change


class MoreLogWanted(Message):
    """The cursor is near the end of the change sets that were read."""


class PrefixWanted(Message):
    """Somebody wants to see the keys that begin so."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix


class KeyWanted(Message):
    """Somebody wants to see this key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


# What the store and the runner told.


class AgentsListed(Message):
    """The agents there are, and what is known of each."""

    def __init__(self, agents: list[AgentSummary]) -> None:
        super().__init__()
        self.agents = agents


class AgentSummary(NamedTuple):
    """One line of the agents list."""

    name: str
    exists: bool
    """False only for ``local`` before its first write."""
    size: int
    """Bytes on disk, the log included."""
    keys: int | None = None
    """How many; None while nobody has counted."""
    locks: int | None = None
    """How many are held; None while nobody has looked."""
    changed_at: float | None = None
    """When a key last changed, as far as that is known."""
    problem: str | None = None
    """Why its database cannot be used, in words."""


class StoreOpened(Message):
    """The agent's store answers; everything shown of another agent is void."""

    def __init__(self, agent: str, location: str, *, exists: bool, warning: str | None = None) -> None:
        super().__init__()
        self.agent = agent
        self.location = location
        self.exists = exists
        """False for ``local`` before its first write."""
        self.warning = warning
        """What should be known of it, as long as it was not told before. Data."""


class StoreFailed(Message):
    """The agent's store cannot be read, for now."""

    def __init__(self, agent: str, message: str, hint: str | None) -> None:
        super().__init__()
        self.agent = agent
        self.message = message
        self.hint = hint


class ChangesHeld(Message):
    """While live updates are paused, the store was changed for the first time."""


class RowsIndexed(Message):
    """So many rows pass the query of this generation; complete, or as far as is known yet."""

    def __init__(
        self, generation: int, count: int, rows: list[Row | None], *, complete: bool, passing: int
    ) -> None:
        super().__init__()
        self.generation = generation
        self.count = count
        """Lines of the table: in a tree other than keys."""
        self.passing = passing
        """Keys that pass."""
        self.rows = rows
        """The first of them; none in later news of a generation."""
        self.complete = complete


class RowsChanged(Message):
    """Rows of this generation came, went or have new values: those shown are to be asked for again."""

    def __init__(
        self,
        generation: int,
        count: int,
        key: str | None = None,
        position: int | None = None,
        *,
        node: bool = False,
        passing: int,
    ) -> None:
        super().__init__()
        self.generation = generation
        self.count = count
        self.passing = passing
        """Keys that pass."""
        self.key = key
        """The key that was highlighted when the answer was made; None: nobody asked."""
        self.node = node
        """Whether that is the prefix of a node, and no key."""
        self.position = position
        """Where that key is now; None: it is gone."""


class AgentsInSight(Message):
    """These agents are shown now, of maybe many."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names


class PageLoaded(Message):
    """Rows ``first`` and following of this generation; None for one that is gone."""

    def __init__(self, generation: int, first: int, rows: list[Row | None]) -> None:
        super().__init__()
        self.generation = generation
        self.first = first
        self.rows = rows


class KeyPlaced(Message):
    """Where a key that was asked for is among the rows of the newest query; None: it is not."""

    def __init__(self, key: str, position: int | None) -> None:
        super().__init__()
        self.key = key
        self.position = position


class EntryRead(Message):
    """The entry under the cursor; None: the key is gone."""

    def __init__(self, key: str, entry: Entry | None) -> None:
        super().__init__()
        self.key = key
        self.entry = entry


class HistoryRead(Message):
    """The revisions of a key, newest first."""

    def __init__(self, key: str, revisions: list[Revision], *, more: bool) -> None:
        super().__init__()
        self.key = key
        self.revisions = revisions
        self.more = more
        """Whether there are older ones."""


class LocksRead(Message):
    """The locks held at ``at`` (``time.monotonic``), and the one that was broken last, if any."""

    def __init__(self, locks: list[Lock], at: float, broken: LockBreak | None = None) -> None:
        super().__init__()
        self.locks = locks
        self.at = at
        self.broken = broken


class StatsRead(Message):
    def __init__(self, stats: Stats) -> None:
        super().__init__()
        self.stats = stats


class Survey(NamedTuple):
    """Which keys there are, and which entries stand out."""

    groups: list[KeyGroup]
    """By first segment."""
    complete: bool
    """Whether those are all groups."""
    standings: dict[str, list[Standing]]
    """``largest``, ``newest`` and ``oldest``, as far as they are known yet."""


class SurveyRead(Message):
    def __init__(self, survey: Survey) -> None:
        super().__init__()
        self.survey = survey


class WritesCounted(Message):
    """The newest revision at ``at`` (``time.monotonic``)."""

    def __init__(self, revision: int, at: float) -> None:
        super().__init__()
        self.revision = revision
        self.at = at


class LogRead(Message):
    """The newest change sets, the last one first."""

    def __init__(self, changes: list[ChangeSet], *, complete: bool, more: bool) -> None:
        super().__init__()
        self.changes = changes
        self.complete = complete
        """Whether that is all of them."""
        self.more = more
        """Whether more would be read if somebody wants them."""


class RunLine(NamedTuple):
    """A line of a run's story."""

    kind: str
    """``output``, ``task``, ``change``, ``warning``, ``good`` or ``bad``."""
    text: str


class RunBegan(Message):
    def __init__(self, file: str, agent: str) -> None:
        super().__init__()
        self.file = file
        self.agent = agent


class RunProgressed(Message):
    """A run has said something that waits to be fetched; not posted again before that is done."""


class RunEnded(Message):
    def __init__(self, result: str, duration: float, error: str | None) -> None:
        super().__init__()
        self.result = result
        """As the runner names it: ``done``, ``failed``, ``timeout``, ``cancelled`` or ``error``."""
        self.duration = duration
        self.error = error


class WorkDone(Message):
    """A change that was asked for has been made."""

    def __init__(self, summary: str) -> None:
        super().__init__()
        self.summary = summary


class WorkFailed(Message):
    """Something that was asked for could not be done; nothing was changed."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__()
        self.message = message
        self.hint = hint


class ThreadDied(Message):
    """A thread of the services ended by an error that none should end by."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
