"""What the screens may ask of the store and the runner: nothing else in the TUI touches those.

Reading happens on one thread, listing the agents on another, writing and running on short-lived ones.
Answers arrive as messages, or as futures where somebody waits for one.
"""

from __future__ import annotations

from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sloth_tui.errors import KeyNotFound
from sloth_tui.masking import holds_secret
from sloth_tui.tui.messages import EntryRead
from sloth_tui.tui.services.agent_watcher import Catalogue
from sloth_tui.tui.services.changes import Changes
from sloth_tui.tui.services.databases import Databases
from sloth_tui.tui.services.detail import TOPIC as HISTORY
from sloth_tui.tui.services.detail import Detail
from sloth_tui.tui.services.dock import DockFigures
from sloth_tui.tui.services.files import candidates
from sloth_tui.tui.services.long_work import LongWork
from sloth_tui.tui.services.lookups import Lookups
from sloth_tui.tui.services.reader import Reader
from sloth_tui.tui.services.rows import Rows
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from textual.message import Message

    from sloth_tui.model import Entry, Lock, Query
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store, WindowedStore
    from sloth_tui.tui.messages import RowsIndexed
    from sloth_tui.tui.services.runs import RunNews, Runs

T = TypeVar("T")

_TOPICS = ("rows", "entry", HISTORY, "writes", "locks", "log", "stats", "survey")


class Sample(NamedTuple):
    """How many keys there are of a kind, and the first few."""

    total: int
    keys: list[str]


class Services:
    """The threads behind the screens. All methods return at once but :meth:`stop`."""

    def __init__(self, post: Callable[[Message], object], settings: Settings, *, read_only: bool) -> None:
        self.agent = ""
        self.read_only = read_only
        self._post = post
        self.settings = settings
        self._secret_words = settings.secret_segments
        self._catalogue = Catalogue(post)
        self._reader = Reader(post, _TOPICS)
        self.lookups = Lookups(self._reader)
        self.rows = Rows(post)
        """What the key table shows, and questions about it."""
        self.dock = DockFigures(self._reader, post)
        self._runs: Runs | None = None
        """Loaded for the first run."""
        self._writer = Writer(read_only=read_only, after=self._reader.look)
        self.databases = Databases(self._writer)
        self.detail = Detail(self._reader, self._writer, lambda: self.agent, post)
        self.changes = Changes(self._reader, self._started_runs)
        self.work = LongWork(self._writer, lambda: self.agent, settings)

    def start(self, agent: str, query: Query) -> int:
        """Open the agent's store and look for its rows; returns the generation of that answer."""
        self.choose_agent(agent)
        generation = self.show_rows(query)
        self.rows.start()
        self._reader.watch("rows", lambda _: self.rows.update())
        self._reader.start()
        return generation

    def start_figures(self, tab: str) -> None:
        """From now on AgentsListed and what the dock shows are posted too; its ``tab`` is in sight."""
        self.dock.start(tab)
        self._catalogue.start()

    def watch_agents(self, names: Iterable[str]) -> None:
        """These are in sight: AgentsListed tells what they hold, and soon when that changes."""
        self._catalogue.watch(names)

    def stop(self) -> None:
        """End every thread; a change that is being written is waited for, or cancelled if it can be."""
        if self._runs is not None:
            self._runs.close()
        self.rows.stop()
        self._reader.stop()
        self._catalogue.stop()
        self.work.stop()
        self._writer.stop()

    def choose_agent(self, agent: str) -> None:
        """StoreOpened or StoreFailed follows; what arrives before it is about the agent before."""
        self.agent = agent
        self.show_entry(None)
        self.rows.hide()
        self._reader.choose(agent)

    def refresh(self) -> None:
        self._reader.refresh()

    def pause(self, paused: bool) -> None:
        """Whether the screen stays as it is when others change things. ChangesHeld tells that they did."""
        self._reader.pause(paused)
        self._catalogue.paused = paused

    def is_secret(self, key: str) -> bool:
        return holds_secret(key, self._secret_words)

    # What is on screen.

    def show_rows(self, query: Query, *, afresh: bool = False) -> int:
        """Answer this query from now on; returns its generation. RowsIndexed follows, and RowsChanged
        whenever rows may have. ``afresh`` after StoreOpened."""
        return self.rows.show(self.agent, query, afresh=afresh)

    @property
    def rows_so_far(self) -> RowsIndexed | None:
        """The last RowsIndexed that was posted."""
        return self.rows.newest

    def load_page(self, generation: int, first: int, count: int) -> None:
        """PageLoaded follows, unless the generation is void."""
        self.rows.load(generation, first, count)

    def find_key(self, key: str) -> None:
        """KeyPlaced follows, once all rows of the newest query are known."""
        self.rows.find(key)

    def show_entry(self, key: str | None) -> None:
        """EntryRead follows, now and whenever it may have changed."""
        self.rows.follow(key)
        if key is None:
            self._reader.unwatch("entry")
            return

        def read(store: WindowedStore) -> None:
            try:
                entry = store.entry(key)
            except KeyNotFound:
                entry = None
            self._post(EntryRead(key, entry))

        self._reader.watch("entry", read)

    # Single questions.

    def entry(self, key: str) -> Future[Entry]:
        """Raises KeyNotFound."""
        return self._reader.call(lambda store: store.entry(key))

    def sample(self, prefix: str, size: int) -> Future[Sample]:
        """The keys that begin with ``prefix``: how many, and the first ``size`` of them."""
        return self._reader.call(
            lambda store: Sample(store.count(prefix), list(islice(store.keys(prefix), size)))
        )

    def keys_like(self, text: str, limit: int) -> Future[list[str]]:
        """Some keys that begin with ``text``, in order."""
        return self._reader.call(lambda store: list(islice(store.keys(text), limit)))

    def files(self, typed: str) -> list[str]:
        """What a path may go on to; touches the disk, so not on the thread that draws."""
        return candidates(typed)

    # Runs.

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._runs is not None and self._runs.running

    def run_file(self, path: str) -> None:
        """Run a Lua file against the agent on screen; RunBegan, RunProgressed and RunEnded follow. Raises
        NotWritable, and Conflict while another run is going on."""
        self.check_writable()
        if self._runs is None:
            from sloth_tui.tui.services.runs import Runs

            self._runs = Runs(self._post, self.is_secret, self.settings.grace)
        self._runs.start(path, self.agent)

    def _started_runs(self) -> set[str]:
        return set() if self._runs is None else self._runs.started

    def stop_run(self) -> bool:
        """Ask the run to end, by force the second time; False when there is none."""
        return self._runs is not None and self._runs.stop()

    def unattended(self) -> AbstractContextManager[None]:
        """While this process is stopped, in a ``with`` of this: a run goes on."""
        return nullcontext() if self._runs is None else self._runs.unattended()

    def take_run_news(self) -> RunNews:
        """What the run said since the last call; there must have been one."""
        assert self._runs is not None
        return self._runs.take()

    # Changes. The futures raise the errors of the store, NotWritable if it is read-only.

    def check_writable(self) -> None:
        """Raises NotWritable where the program was started with ``--read-only``."""
        self._writer.check()

    def break_lock(self, name: str) -> Future[Lock]:
        """What was broken. Raises LockNotFound."""
        return self._write(f"lock break {name}", lambda store: store.break_lock(name))

    def _write(self, title: str, job: Callable[[Store], T]) -> Future[T]:
        return self._writer.submit(self.agent, title, job)
