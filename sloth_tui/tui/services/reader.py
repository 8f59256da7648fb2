"""The one thread that reads the store of the agent on screen.

It answers standing questions (:meth:`Reader.watch`) at once and again whenever somebody changed the
store, and single ones (:meth:`Reader.call`). The handle is opened, used and closed on this thread; the
others only ever interrupt it.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from sloth_tui import agents
from sloth_tui.errors import DatabaseUnusable, Interrupted, SlothError
from sloth_tui.store import open_store
from sloth_tui.tui.messages import ChangesHeld, StoreFailed, StoreOpened, ThreadDied
from sloth_tui.tui.services.subscription import PROMPT, Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.store.port import WindowedStore
    from sloth_tui.tui.services.subscription import Job, Pace

T = TypeVar("T")

_POLL = 0.1
"""Seconds between two looks at the change token, while the store is being changed."""
_POLL_IN_PEACE = 0.3
_PEACE = 10.0
"""Seconds without a change after which a look is rarer: to be woken costs more than to look."""
_SPACING = 0.25
"""Seconds between two rounds of answers to changes: the first is answered at the next look, and a store that
changes all the time four times a second."""


class Reader:
    """Opens, reads and polls. Its methods may be called from any thread and return at once."""

    def __init__(self, post: Callable[[Message], object], order: tuple[str, ...]) -> None:
        """``order``: the topics of questions, the most urgent first."""
        self._post = post
        self._order = order
        self._wake = threading.Condition()
        self._questions: dict[str, Question] = {}
        self._calls: list[Callable[[WindowedStore | None], None]] = []
        self._agent = ""
        self._generation = 0
        self._stopping = False
        self._paused = self._once = False
        self._answering: str | None = None
        # From here on only the thread itself writes.
        self._opened = 0
        self._store: WindowedStore | None = None
        self._token = 0
        self._path = ""
        self._files: object = None
        self._next_poll = self._next_round = 0.0
        self._moved_at = time.monotonic()
        """When the store was last found changed, or was opened."""
        self._warned: set[str] = set()
        """Databases that every user can change, and that this was told of."""
        self._held = False
        """Whether it was told that changes are held back."""
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End the thread and close its handle; waits so many seconds for it."""
        with self._wake:
            self._stopping = True
            self._interrupt()
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def choose(self, agent: str) -> None:
        """Read this agent from now on. StoreOpened or StoreFailed follows; what arrives before it is
        about the agent before."""
        with self._wake:
            self._agent = agent
            self._generation += 1
            self._interrupt()
            self._wake.notify()

    def refresh(self) -> None:
        """Open the store anew and put every question again."""
        self.choose(self._agent)

    def pause(self, paused: bool) -> None:
        """Put no question again because of a change until this is called with False; ChangesHeld tells that
        there was one."""
        self._paused, self._held = paused, False

    def look(self) -> None:
        """Paused or not, put the questions again at once if the store was changed just now."""
        with self._wake:
            self._once, self._next_poll = True, 0.0
            self._wake.notify()

    def watch(self, topic: str, job: Job, pace: Pace = PROMPT) -> None:
        """Answer ``job`` now and after every change, as often as its pace allows, in place of the topic's
        last one. An answer that is under way for this or a less urgent topic is broken off."""
        with self._wake:
            self._questions[topic] = Question(job, pace)
            running = self._answering
            if running is not None and self._order.index(running) >= self._order.index(topic):
                self._interrupt()
            self._wake.notify()

    def unwatch(self, topic: str) -> None:
        with self._wake:
            self._questions.pop(topic, None)

    def call(self, job: Callable[[WindowedStore], T]) -> Future[T]:
        """Answer once. The future raises the errors of the store, DatabaseUnusable where there is none."""
        future: Future[T] = Future()

        def answer(store: WindowedStore | None) -> None:
            # Begun anew after it was broken off, it is running already.
            if not future.running() and not future.set_running_or_notify_cancel():
                return
            try:
                if store is None:
                    raise DatabaseUnusable("there is no database to read")
                future.set_result(job(store))
            except Interrupted:
                raise
            except SlothError as error:
                future.set_exception(error)

        with self._wake:
            self._calls.append(answer)
            if self._answering is not None:
                # Somebody waits; an answer to a question can be begun anew.
                self._interrupt()
            self._wake.notify()
        return future

    def _interrupt(self) -> None:
        store = self._store
        if store is not None:
            store.interrupt()

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            self._post(ThreadDied(error))
        finally:
            self._close()

    def _turn(self) -> bool:
        """One round: wait for work or time, follow the choice of agent, poll, answer one thing."""
        with self._wake:
            if not (self._stopping or self._calls or self._opened != self._generation or self._due()):
                self._wake.wait(max(self._next_poll - time.monotonic(), 0.0))
            if self._stopping:
                return False
        try:
            if self._opened != self._generation:
                self._open()
            if time.monotonic() >= self._next_poll:
                self._poll()
            self._answer()
        except Interrupted:
            pass
        except SlothError as error:
            self._fail(error)
        return True

    def _due(self) -> tuple[str, Question] | None:
        if self._store is None:
            return None
        now = time.monotonic()
        for topic in self._order:
            question = self._questions.get(topic)
            if question is not None and question.is_due(now):
                return topic, question
        return None

    def _answer(self) -> None:
        with self._wake:
            call = self._calls.pop(0) if self._calls else None
            due = self._due() if call is None else None
            self._answering = due[0] if due else None
        if call is not None:
            try:
                call(self._store)
            except Interrupted:
                with self._wake:
                    self._calls.insert(0, call)
        elif due is not None and self._store is not None:
            try:
                due[1].answer(self._store)
            except Interrupted:
                due[1].again()
            finally:
                self._answering = None

    def _open(self) -> None:
        with self._wake:
            agent, self._opened = self._agent, self._generation
            for question in self._questions.values():
                question.again()
        self._close()
        path = agents.database_path(agent)
        self._path, self._files, self._moved_at = path, _identity(path), time.monotonic()
        exists = os.path.lexists(path)
        self._store = open_store(agent, "read")
        self._token = self._store.change_token()
        location = self._store.location
        self._post(StoreOpened(agent, location, exists=exists, warning=self._warning(location)))

    def _warning(self, path: str) -> str | None:
        exposed = agents.writable_by_all(path)
        if not exposed or path in self._warned:
            return None
        self._warned.add(path)
        return agents.describe_exposed(exposed)

    def _poll(self) -> None:
        now = time.monotonic()
        self._next_poll = now + (_POLL if now - self._moved_at < _PEACE else _POLL_IN_PEACE)
        look = _identity if self._store is not None else _state
        if look(self._path) != self._files:
            self.refresh()
        elif self._store is not None:
            token = self._store.change_token()
            if token == self._token:
                self._once = False
                return
            if self._paused and not self._once:
                if not self._held:
                    self._held = True
                    self._post(ChangesHeld())
                return
            self._moved_at = now
            if self._next_poll >= self._next_round:
                self._once = False
                self._token, self._next_round = token, self._next_poll + _SPACING
                with self._wake:
                    for question in self._questions.values():
                        question.pending = True

    def _fail(self, error: SlothError) -> None:
        """Without a store until the file changes or somebody asks again."""
        self._close()
        self._files = _state(self._path)
        self._post(StoreFailed(self._agent, error.message, error.hint))

    def _close(self) -> None:
        with self._wake:
            store, self._store = self._store, None
        if store is not None:
            store.close()


def _identity(path: str) -> object:
    """Which file is at ``path``; another one when it was deleted or replaced, None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _state(path: str) -> object:
    """Differs whenever the database was written."""
    found: list[object] = []
    for file in (path, path + "-wal"):
        try:
            status = os.stat(file)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    return found
