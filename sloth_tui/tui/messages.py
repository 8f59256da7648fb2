"""The app's vocabulary: small typed messages in the past tense.

Data goes down to widgets by attribute; messages come up. Widgets post those of the first part; services post
those of the last, from any thread.

Over 300 lines: one page of vocabulary, to be read at a glance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from sloth_tui.errors import AgentNotFound, PassphraseNeeded

if TYPE_CHECKING:
    from sloth_tui.errors import SlothError
    from sloth_tui.model import (
        ChangeSet,
        Entry,
        KeyGroup,
        Lock,
        LockBreak,
        Query,
        RankedEntry,
        Revision,
        Row,
    )
    from sloth_tui.runner.request import RunRequest


class RoutedMessage(Message):
    """A message that the browser screen routes to its controllers, as its table of routes says."""


# Posted by widgets.


class AgentChosen(RoutedMessage):
    """The user chose this agent."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class AgentEntered(RoutedMessage):
    """The user left the list of agents for the keys of the agent on screen."""


class FilterChanged(RoutedMessage):
    """The query changed: other rows, or another order. The cursor goes to ``key``, if there is one."""

    def __init__(self, query: Query, key: str | None = None) -> None:
        super().__init__()
        self.query = query
        self.key = key


class FilterLeft(RoutedMessage):
    """The user left the filter; the focus goes back to the table."""


class SortChosen(RoutedMessage):
    """The heading of a column was clicked. The same column again reverses the order."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column


class PageRequested(RoutedMessage):
    """The table is about to show ``count`` rows from ``first`` that it does not hold."""

    def __init__(self, generation: int, first: int, count: int) -> None:
        super().__init__()
        self.generation = generation
        self.first = first
        self.count = count


class RowHighlighted(RoutedMessage):
    """The cursor has come to rest on this key. None: there is no row, or it is a node."""

    def __init__(self, key: str | None, node: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.node = node
        """The prefix of the tree node it rests on instead."""


class RowSelected(RoutedMessage):
    """Enter was pressed on this key's row, or it was clicked again."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class FoldRequested(RoutedMessage):
    """The user opened or closed a node of the tree."""

    def __init__(self, prefix: str, *, opened: bool) -> None:
        super().__init__()
        self.prefix = prefix
        self.opened = opened


class NodeRequested(RoutedMessage):
    """The user asked for the node with this prefix, whose line is not known."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix


class MarkRequested(RoutedMessage):
    """The user asked to mark or unmark the row under the cursor."""


class RangeMoved(RoutedMessage):
    """The range that is being chosen now spans the rows between two keys."""

    def __init__(self, first: str, last: str, *, ends: bool) -> None:
        super().__init__()
        self.first = first
        self.last = last
        """Before or after ``first``."""
        self.ends = ends
        """True if the range is final; else it may still move."""


class MarksChanged(RoutedMessage):
    """The marks changed; ``count`` keys are marked now."""

    def __init__(self, count: int, *, choosing: bool) -> None:
        super().__init__()
        self.count = count
        self.choosing = choosing
        """True while a range is being chosen."""


class MarksStale(RoutedMessage):
    """Rows changed: marked keys may be gone."""


class HistoryRequested(RoutedMessage):
    """The history of this key is on screen from now on. None: no history is."""

    def __init__(self, key: str | None, size: int = 0) -> None:
        super().__init__()
        self.key = key
        self.size = size
        """Bytes of the value."""


class LockExpired(RoutedMessage):
    """The lease of a lock on screen ended."""


class LockSelected(RoutedMessage):
    """The user chose the lock under the cursor."""


class RunRequested(RoutedMessage):
    """The user wants to see a run that is kept."""

    def __init__(self, id: str) -> None:  # noqa: A002  # as everywhere else
        super().__init__()
        self.id = id


class ChangeSetSelected(RoutedMessage):
    """The user asked to see this change set."""

    def __init__(self, change_set: ChangeSet) -> None:
        super().__init__()
        self.change_set = change_set


class MoreLogRequested(RoutedMessage):
    """The cursor came near the end of the change sets read so far."""


class PrefixRequested(RoutedMessage):
    """The user asked for the keys that begin with this prefix."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix


class KeyRequested(RoutedMessage):
    """The user asked for this key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


# Routed by the screen itself.


class AgentLeft(RoutedMessage):
    """Another agent was chosen. Everything on screen is about the previous one."""

    def __init__(self, chosen: str) -> None:
        super().__init__()
        self.chosen = chosen
        """The other agent."""


class PanesLoaded(RoutedMessage):
    """The lazily loaded panes are mounted, and still empty."""


# Posted by the services, about the store and the runner.


class AgentsListed(RoutedMessage):
    """The list of agents, with what is known about each."""

    def __init__(self, agents: list[AgentSummary]) -> None:
        super().__init__()
        self.agents = agents


class AgentSummary(NamedTuple):
    """One line of the agents list."""

    name: str
    exists: bool
    """False only for ``local`` before its first write."""
    size: int | None
    """Bytes on disk, WAL included; None if that is not known."""
    keys: int | None = None
    """Number of keys; None until counted."""
    locks: int | None = None
    """Number of held locks; None until counted."""
    changed_at: float | None = None
    """When a key last changed (unix seconds), if known."""
    problem: str | None = None
    """Why the store cannot be used, in words."""


class StoreOpened(RoutedMessage):
    """The agent's store was opened. Everything shown of another agent is void."""

    def __init__(self, agent: str, location: str, *, exists: bool, warning: str | None = None) -> None:
        super().__init__()
        self.agent = agent
        self.location = location
        self.exists = exists
        """False for ``local`` before its first write."""
        self.warning = warning
        """A warning about the store, unless it was posted before. Data."""


class StoreFailed(RoutedMessage):
    """The agent's store could not be read."""

    def __init__(
        self,
        agent: str,
        message: str,
        hint: str | None,
        *,
        missing: bool = False,
        locked: PassphraseNeeded | None = None,
    ) -> None:
        super().__init__()
        self.agent = agent
        self.message = message
        self.hint = hint
        self.missing = missing
        """True if there is no such agent."""
        self.locked = locked
        """Set if a passphrase protects the key of the store."""

    @classmethod
    def by(cls, agent: str, error: SlothError) -> StoreFailed:
        """Return the message for an error."""
        locked = error if isinstance(error, PassphraseNeeded) else None
        missing = isinstance(error, AgentNotFound)
        return cls(agent, error.message, error.hint, missing=missing, locked=locked)


class UpdatesPending(RoutedMessage):
    """The store changed for the first time since live updates were paused."""


class RowsIndexed(RoutedMessage):
    """The matching rows of this generation were counted: all, or those found so far."""

    def __init__(
        self, generation: int, count: int, rows: list[Row | None], *, complete: bool, passing: int
    ) -> None:
        super().__init__()
        self.generation = generation
        self.count = count
        """Lines of the table. In a tree this differs from the number of keys."""
        self.passing = passing
        """Number of matching keys."""
        self.rows = rows
        """The first rows; empty in later messages of a generation."""
        self.complete = complete


class RowsChanged(RoutedMessage):
    """Rows of this generation were added, removed or changed. Ask again for those on screen."""

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
        """Number of matching keys."""
        self.key = key
        """The key highlighted when the rows were read; None if there was none."""
        self.node = node
        """True if ``key`` is the prefix of a node."""
        self.position = position
        """The line of that key now; None if it is gone."""


class VisibleAgentsChanged(RoutedMessage):
    """Other agents of the list are visible now."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names


class PageLoaded(RoutedMessage):
    """Rows of this generation from ``first`` on were read; None stands for one that is gone."""

    def __init__(self, generation: int, first: int, rows: list[Row | None]) -> None:
        super().__init__()
        self.generation = generation
        self.first = first
        self.rows = rows


class KeyLocated(RoutedMessage):
    """A key of an agent was looked up among the rows of a query. ``position`` is None if it is not there.
    ``reveals``: the nodes around it were opened."""

    def __init__(
        self, agent: str, generation: int, key: str, position: int | None, *, reveals: bool = True
    ) -> None:
        super().__init__()
        self.agent = agent
        self.generation = generation
        self.key = key
        self.position = position
        self.reveals = reveals


class EntryRead(RoutedMessage):
    """The entry under the cursor was read; None if the key is gone."""

    def __init__(self, key: str, entry: Entry | None) -> None:
        super().__init__()
        self.key = key
        self.entry = entry


class HistoryRead(RoutedMessage):
    """The revisions of a key were read, newest first."""

    def __init__(self, key: str, revisions: list[Revision], *, more: bool) -> None:
        super().__init__()
        self.key = key
        self.revisions = revisions
        self.more = more
        """True if there are older ones."""


class TabRead(RoutedMessage):
    """The data of a dock tab was read."""

    def __init__(self, tab: str, read: object) -> None:
        super().__init__()
        self.tab = tab
        self.read = read
        """The data that the tab's pane takes: LocksRead, LogRead, or the model's Stats."""


class LocksRead(NamedTuple):
    """The locks held at ``at`` (``time.monotonic``), and the last one broken, if any."""

    locks: list[Lock]
    at: float
    broken: LockBreak | None = None


class Survey(NamedTuple):
    """The groups of keys, and the entries that rank first by size or age."""

    groups: list[KeyGroup]
    """By first segment."""
    complete: bool
    """True if those are all groups."""
    top_entries: dict[str, list[RankedEntry]]
    """``largest``, ``newest`` and ``oldest``, as far as known yet."""


class SurveyRead(RoutedMessage):
    """A step of the survey of keys was read."""

    def __init__(self, survey: Survey) -> None:
        super().__init__()
        self.survey = survey


class WritesCounted(RoutedMessage):
    """The newest revision was read at ``at`` (``time.monotonic``)."""

    def __init__(self, revision: int, at: float) -> None:
        super().__init__()
        self.revision = revision
        self.at = at


class LogRead(NamedTuple):
    """The newest change sets, newest first."""

    change_sets: list[ChangeSet]
    complete: bool
    """True if those are all."""
    more: bool
    """True if more can be requested."""


class RunBegan(RoutedMessage):
    """A run began, or one that was looked for is being read."""

    def __init__(self, id: str) -> None:  # noqa: A002  # as everywhere else
        super().__init__()
        self.id = id


class RunProgressed(RoutedMessage):
    """A run has something new: output, tasks, changes. Posted at most 25 times a second for each run."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__()
        self.id = id


class RunEnded(RoutedMessage):
    """All that a run said was read, and its process is gone."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__()
        self.id = id


class RunRefused(RoutedMessage):
    """A run could not be started; or, then there is no request, not be stopped, or not be read."""

    def __init__(self, request: RunRequest | None, error: SlothError) -> None:
        super().__init__()
        self.request = request
        self.error = error


class OwnCommandEnded(RoutedMessage):
    """A command of the user's own ended."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        """Its number among those that were started, from 1."""


class RunsFound(RoutedMessage):
    """Runs were found that go on although this session did not start them."""


class ThreadDied(RoutedMessage):
    """A thread of the services ended by an unexpected error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
