"""All that the TUI asks of the store and the runner; nothing else in the TUI touches them.

One thread reads, another lists the agents, and short-lived ones write and run. Answers arrive as messages, or
as futures if the caller waits for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import KeyNotFound
from sloth_tui.masking import holds_secret
from sloth_tui.tui.messages import EntryRead
from sloth_tui.tui.services.agent_watcher import AgentWatcher
from sloth_tui.tui.services.change_sets import ChangeSets
from sloth_tui.tui.services.databases import Databases, elsewhere, unlock_key
from sloth_tui.tui.services.detail import TOPIC as HISTORY
from sloth_tui.tui.services.detail import Detail
from sloth_tui.tui.services.dock import READS, DockFigures
from sloth_tui.tui.services.long_work import LongJobs
from sloth_tui.tui.services.lookups import Lookups
from sloth_tui.tui.services.reader import Reader
from sloth_tui.tui.services.relocations import Relocations
from sloth_tui.tui.services.rows import Rows
from sloth_tui.tui.services.safekeeping import Safekeeping
from sloth_tui.tui.services.search import Search
from sloth_tui.tui.services.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from textual.message import Message

    from sloth_tui.errors import PassphraseNeeded
    from sloth_tui.model import Lock, Query
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store
    from sloth_tui.tui.messages import RowsIndexed
    from sloth_tui.tui.services.commands.commands import OwnCommands
    from sloth_tui.tui.services.files import FileJobs
    from sloth_tui.tui.services.runs.runs import Runs
    from sloth_tui.tui.services.runs.touched import TouchedKeys
    from sloth_tui.tui.services.runs.watched import WatchedRun

T = TypeVar("T")

_TOPICS = ("rows", "entry", HISTORY, "writes", *READS, "survey")


class Services:
    """The threads behind the screens. All methods but :meth:`stop` return at once."""

    def __init__(self, post: Callable[[Message], object], settings: Settings, *, read_only: bool) -> None:
        self.agent = ""
        self.elsewhere = elsewhere()
        """The address of the store; None for the files of this machine."""
        self.read_only = read_only
        self._post = post
        self.settings = settings
        self._secret_words = settings.secret_segments
        self._agent_watcher = AgentWatcher(post)
        self._reader = Reader(post, _TOPICS, self._expire)
        self.rows = Rows(post, self._reader.doubt)
        """The rows of the key table."""
        self.lookups = Lookups(self._reader)
        self.dock = DockFigures(self._reader, post)
        self._files: FileJobs | None = None
        self._runs: Runs | None = None
        """Loaded for the first run."""
        self._commands: OwnCommands | None = None
        """Loaded for the first of the user's own commands."""
        self._writer = Writer(read_only=read_only, settings=lambda: settings, after=self._reader.look)
        self.databases = Databases(self._writer)
        self.detail = Detail(self._reader, self._writer, lambda: self.agent, post)
        self.change_sets = ChangeSets(self._reader, self._started_runs)
        self.safekeeping = Safekeeping(self._writer, lambda: self.agent, settings)
        self.jobs = LongJobs(self._writer, lambda: self.agent, settings)
        self.relocations = Relocations(self._writer, lambda: settings)
        """Copies and moves of entries."""
        self.search = Search()

    def start(self, agent: str, query: Query) -> int:
        """Open the agent's store and read its rows; return the generation of that query."""
        self.choose_agent(agent)
        generation = self.show_rows(query)
        self.rows.start()
        self._reader.watch("rows", lambda _: self.rows.update())
        self._reader.start()
        return generation

    def start_figures(self, tab: str) -> None:
        """Post AgentsListed and the data of the dock too from now on; the dock shows ``tab``."""
        self.dock.start(tab)
        self._agent_watcher.start()

    def watch_agents(self, names: Iterable[str]) -> None:
        """Name the agents on screen: AgentsListed reports what they hold, and soon when that changes."""
        self._agent_watcher.watch(names)

    def stop(self) -> None:
        """End every thread. A change that is being written is cancelled if possible, else waited for."""
        if self._runs is not None:
            self._runs.close()
        if self._commands is not None:
            self._commands.close()
        self.rows.stop()
        self._reader.stop()
        self._agent_watcher.stop()
        self.jobs.stop()
        self.search.cancel()
        self._writer.stop()

    def choose_agent(self, agent: str) -> None:
        """Switch to an agent. StoreOpened or StoreFailed follows; earlier messages are about the previous
        agent."""
        self.agent = agent
        self.show_entry(None)
        self.rows.hide()
        self._reader.choose(agent)

    def refresh(self) -> None:
        self._reader.refresh()

    def unlock(self, needed: PassphraseNeeded, passphrase: str) -> bool:
        """Find the key that a passphrase protects, and open what it opens; return False for a wrong one.
        Takes a while. Raises DatabaseUnusable."""
        if not unlock_key(needed, passphrase):
            return False
        self._agent_watcher.recount(self.agent)
        self._reader.refresh()
        return True

    def pause(self, paused: bool) -> None:
        """Stop or resume following changes made elsewhere. UpdatesPending reports the first one missed."""
        self._reader.pause(paused)
        self._agent_watcher.paused = paused

    def is_secret(self, key: str) -> bool:
        return holds_secret(key, self._secret_words)

    # What is on screen.

    def show_rows(self, query: Query, *, afresh: bool = False) -> int:
        """Answer this query from now on; return its generation. RowsIndexed follows, and RowsChanged
        whenever rows may have changed. ``afresh``: the store was opened anew."""
        return self.rows.show(self.agent, query, afresh=afresh)

    @property
    def rows_so_far(self) -> RowsIndexed | None:
        """The last RowsIndexed posted."""
        return self.rows.newest

    def load_page(self, generation: int, first: int, count: int) -> None:
        """PageLoaded follows, unless the generation is void."""
        self.rows.load(generation, first, count)

    def find_key(self, key: str) -> None:
        """Look a key up. KeyLocated follows once all rows of the newest query are known."""
        self.rows.find(key)

    def show_entry(self, key: str | None) -> None:
        """Follow a key's entry: EntryRead is posted now and after changes. None: follow none."""
        self.rows.follow(key)
        if key is None:
            self._reader.unwatch("entry")
            return

        def read(store: Store) -> None:
            try:
                entry = store.entry(key)
            except KeyNotFound:
                entry = None
            self._post(EntryRead(key, entry))

        self._reader.watch("entry", read)

    # Files.

    @property
    def files(self) -> FileJobs:
        """Exports and imports, loaded for the first one."""
        if self._files is None:
            from sloth_tui.tui.services.files import FileJobs

            self._files = FileJobs(self._writer, lambda: self.agent)
        return self._files

    # Runs.

    @property
    def running(self) -> bool:
        """True while a run goes on that would be stopped with the app."""
        return self._runs is not None and self._runs.running

    @property
    def runs(self) -> Runs:
        """Runs of Lua files, loaded for the first one."""
        if self._runs is None:
            from sloth_tui.tui.services.runs.runs import Runs

            self._runs = Runs(self._post, self.is_secret, self.settings)
        return self._runs

    def locks_of(self, run: WatchedRun) -> Future[list[Lock]]:
        """Return the locks that a run holds. Raises the errors of the store."""
        from sloth_tui.tui.services.runs.holding import locks_of

        if run.run.agent == self.agent:
            return self._reader.call(lambda store: locks_of(store, run.id))
        from sloth_tui.tui.services.beside import read_on_a_thread
        from sloth_tui.tui.services.job import Job

        return read_on_a_thread(run.run.agent, Job(), lambda store: locks_of(store, run.id), "locks of a run")

    def touched(self) -> TouchedKeys | None:
        """Return the keys of the agent on screen that runs have changed that go on, or the last one."""
        return None if self._runs is None else self._runs.touched(self.agent)

    def run_file(self, path: str, *, check: bool = False) -> None:
        """Run a Lua file against the agent on screen, or with ``check`` predict what it would change.
        RunBegan, RunProgressed and RunEnded follow, or RunRefused. Raises NotWritable, unless it is a
        check."""
        from sloth_tui.runner.request import RunRequest

        self.start_run(RunRequest(path, self.agent, grace=self.settings.grace, check=check, diff=check))

    def start_run(self, request: RunRequest, command_line: str = "") -> None:
        """Run a Lua file as asked for; else as :meth:`run_file`. ``command_line`` does the same."""
        if not request.check:
            self.check_writable()
        self.runs.start(request, command_line)

    def _started_runs(self) -> set[str]:
        return set() if self._runs is None else self._runs.started

    def stop_run(self) -> bool:
        """Ask the run that was started last to end; the second time, kill it. Return False if it is over."""
        newest = None if self._runs is None else self._runs.newest
        return newest is not None and self.runs.stop(newest.id)

    # The user's own commands.

    @property
    def commands(self) -> OwnCommands:
        """The user's own commands, loaded for the first one."""
        if self._commands is None:
            from sloth_tui.tui.services.commands.commands import OwnCommands

            self._commands = OwnCommands(self._post, self.settings)
        return self._commands

    @property
    def running_commands(self) -> int:
        """The number of the user's own commands that run."""
        return 0 if self._commands is None else len(self._commands.running)

    def stop_commands(self) -> None:
        """Ask those that run to end; the second time, kill them."""
        if self._commands is not None:
            self._commands.stop_all()

    # Changes. The futures raise the errors of the store, NotWritable if it is read-only.

    def check_writable(self) -> None:
        """Raise NotWritable if the program was started with ``--read-only``."""
        self._writer.check()

    def break_lock(self, name: str) -> Future[Lock]:
        """Break a lock and return it. Raises LockNotFound."""
        return self._write(f"lock break {name}", lambda store: store.break_lock(name))

    def _expire(self, agent: str) -> None:
        self._writer.expire(agent)

    def _write(self, title: str, job: Callable[[Store], T]) -> Future[T]:
        return self._writer.submit(self.agent, title, job)
