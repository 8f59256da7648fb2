"""The one thread that reads the store of the agent on screen.

It answers subscriptions (:meth:`Reader.watch`) at once and again after every change of the store, and single
calls (:meth:`Reader.call`). Only this thread opens, uses and closes the handle; other threads only interrupt
it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.store import open_store
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import StoreFailed, StoreOpened, ThreadDied, UpdatesPending
from sloth_tui.tui.services.poller import Poller
from sloth_tui.tui.services.subscription import URGENT, Call, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.message import Message

    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.subscription import Read, RefreshPolicy

T = TypeVar("T")


class Reader:
    """Opens, reads and polls. Its methods may be called from any thread and return at once."""

    def __init__(
        self,
        post: Callable[[Message], object],
        order: tuple[str, ...],
        expire: Callable[[str], object] = lambda _: None,
    ) -> None:
        """``order``: the topics of subscriptions, most urgent first. ``expire`` has the entries of an agent
        deleted whose time to live is over, and returns at once."""
        self._post = post
        self._expire = expire
        self._order = order
        self._wake = threading.Condition()
        self._subscriptions: dict[str, Subscription] = {}
        self._calls: list[Callable[[Store | None], None]] = []
        self._agent = ""
        self._generation = 0
        self._stopping = False
        self._answering: str | None = None
        self._doubted = False
        self._tried_again = False
        """True if files were opened again because another handle could not read them, and have not changed
        since."""
        # From here on only the thread itself writes.
        self._opened = 0
        self._store: Store | None = None
        self._poller = Poller()
        self._warned: set[str] = set()
        """Warnings about stores that were posted already."""
        self._thread = Thread(self._run, "reader")

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End the thread and close its handle; wait for that up to ``seconds``."""
        with self._wake:
            self._stopping = True
            self._interrupt()
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def choose(self, agent: str) -> None:
        """Read this agent from now on. StoreOpened or StoreFailed follows; earlier messages are about the
        previous agent."""
        with self._wake:
            self._agent = agent
            self._tried_again = False
            self._open_anew()

    def _open_anew(self) -> None:
        self._generation += 1
        self._interrupt()
        self._wake.notify()

    def refresh(self) -> None:
        """Open the store again and answer every subscription again."""
        self.choose(self._agent)

    def doubt(self) -> None:
        """Note that another handle could not read the store, and told so. One on another machine is opened
        again after a while. Files are opened again once, because another program may just have been making or
        closing them; if that does not help, another state of them shows when they can be read."""
        with self._wake:
            if self._poller.retries:
                self._doubted = True
                self._wake.notify()
            elif not self._tried_again:
                self._tried_again = True
                self._open_anew()

    def pause(self, paused: bool) -> None:
        """Answer no subscription because of a change until this is called with False. UpdatesPending reports
        the first such change."""
        self._poller.pause(paused)

    def look(self) -> None:
        """Look for a change at once and answer the subscriptions if there is one, paused or not."""
        with self._wake:
            self._poller.look_now()
            self._wake.notify()

    def watch(self, topic: str, read: Read, policy: RefreshPolicy = URGENT) -> None:
        """Call ``read`` now and after every change, as often as ``policy`` allows, in place of the topic's
        previous subscription. Interrupts a running answer to this or a less urgent topic."""
        with self._wake:
            self._subscriptions[topic] = Subscription(read, policy)
            running = self._answering
            if running is not None and self._order.index(running) >= self._order.index(topic):
                self._interrupt()
            self._wake.notify()

    def unwatch(self, topic: str) -> None:
        with self._wake:
            self._subscriptions.pop(topic, None)

    def call(self, job: Callable[[Store], T]) -> Future[T]:
        """Answer once. The future raises the errors of the store, or DatabaseUnusable if there is none."""
        call = Call(job)
        with self._wake:
            self._calls.append(call.answer)
            if self._answering is not None:
                # The caller waits, and an answer to a subscription can be restarted.
                self._interrupt()
            self._wake.notify()
        return call.future

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
        """Do one round: wait for work or time, switch to the chosen agent, poll, answer one thing."""
        with self._wake:
            if not (self._stopping or self._is_asked() or self._due()):
                self._wake.wait(self._poller.seconds_left)
            if self._stopping:
                return False
            doubted, self._doubted = self._doubted, False
        try:
            if doubted:
                self._close()
                self._poller.wait()
            if self._opened != self._generation:
                self._open()
            if not self._poller.seconds_left:
                self._poll()
            self._answer()
        except Interrupted:
            pass
        except SlothError as error:
            self._fail(error)
        return True

    def _is_asked(self) -> bool:
        """True if a caller waits."""
        return bool(self._calls or self._doubted or self._opened != self._generation)

    def _due(self) -> tuple[str, Subscription] | None:
        if self._store is None:
            return None
        now = time.monotonic()
        for topic in self._order:
            subscription = self._subscriptions.get(topic)
            if subscription is not None and subscription.is_due(now):
                return topic, subscription
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
                due[1].restart()
            finally:
                self._answering = None

    def _open(self) -> None:
        with self._wake:
            agent, self._opened = self._agent, self._generation
            for subscription in self._subscriptions.values():
                subscription.restart()
        self._close()
        exists = self._poller.follow(agent)
        self._store = open_store(agent, "read")
        self._poller.begin(self._store)
        warning = self._new_warning(self._store.warning())
        self._post(StoreOpened(agent, self._store.location, exists=exists, warning=warning))

    def _new_warning(self, warning: str | None) -> str | None:
        """Return a warning; None if it was posted before."""
        if warning is None or warning in self._warned:
            return None
        self._warned.add(warning)
        return warning

    def _poll(self) -> None:
        found = self._poller.poll(self._store)
        if found == "anew":
            self.refresh()
        elif found == "waits":
            self._post(UpdatesPending())
        elif found is not None:
            if found == "expired":
                self._expire(self._agent)
            with self._wake:
                self._tried_again = False
                for subscription in self._subscriptions.values():
                    subscription.pending = True

    def _fail(self, error: SlothError) -> None:
        """Do without a store until it is worth another attempt or an agent is chosen."""
        self._close()
        self._poller.wait()
        self._post(StoreFailed.by(self._agent, error))

    def _close(self) -> None:
        with self._wake:
            store, self._store = self._store, None
        if store is not None:
            store.close()
