"""Random histories of locks, on a clock that tests move, against a model of what the contract says."""

from __future__ import annotations

import os
import tempfile
import time
from typing import NamedTuple

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sloth_tui.errors import LockHeld, LockLost, LockNotFound
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.schema import APPLICATION_ID
from sloth_tui.store.sqlite.store import SqliteStore
from tests.store.manual_clock import ManualClock
from tests.store.sqlite.test_locks_of_others import DOCUMENTED
from tests.support import rounds

pytestmark = pytest.mark.slow


NAMES = st.sampled_from(["deploy", "b%"])
HOLDERS = st.sampled_from(["task-1", "task-2"])
SECONDS = st.integers(1, 20)
STORES = st.integers(0, 1)


class Held(NamedTuple):
    holder: str
    token: int
    expires: float
    """By the wall clock."""
    deadline: int | None
    """By the other one; None for a lock of another program."""
    boot: str
    """In which the deadline counts."""
    tied_to: str | None
    """The boot its process lives in."""


class LockModel(RuleBasedStateMachine):
    """Two handles of one process, another program, and the machine they run on."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "agent.db")
        self.clock = ManualClock()
        self.rows: dict[str, Held] = {}
        self.tokens: dict[str, int] = {}
        self.written = 0

    @initialize(documented=st.booleans())
    def open(self, documented: bool) -> None:
        self.foreign = apsw.Connection(self.path)
        if documented:
            self.foreign.execute(DOCUMENTED)
        self.stores = [SqliteStore("agent", Database(self.path, clock=self.clock)) for _ in range(2)]
        if not documented:
            self.stores[0].set("key", 0)
        self.reader = SqliteStore("agent", Database(self.path, read_only=True, clock=self.clock))

    def teardown(self) -> None:
        for handle in (*self.stores, self.reader):
            handle.close()
        self.foreign.close()
        self.directory.cleanup()

    # -- the model

    def remaining(self, row: Held) -> float:
        if row.tied_to is not None and row.tied_to != self.clock.boot_id:
            return 0
        if row.deadline is not None and row.boot == self.clock.boot_id:
            return max((row.deadline - self.clock.now()) / NANOSECONDS, 0)
        return max(row.expires - self.clock.wall(), 0)

    def held(self, name: str) -> Held | None:
        row = self.rows.get(name)
        return row if row and self.remaining(row) else None

    def next_token(self, name: str) -> int:
        self.tokens[name] = self.tokens.get(name, 0) + 1
        return self.tokens[name]

    def grant(self, seconds: int) -> tuple[float, int, str]:
        boot = self.clock.boot_id
        return round(self.clock.wall() + seconds, 3), self.clock.now() + seconds * NANOSECONDS, boot

    def adopted(self) -> bool:
        return bool(self.foreign.execute("PRAGMA application_id").get == APPLICATION_ID)

    # -- our own doing

    @rule(store=STORES, name=NAMES, holder=HOLDERS, seconds=SECONDS, ephemeral=st.booleans())
    def acquire(self, store: int, name: str, holder: str, seconds: int, ephemeral: bool) -> None:
        held = self.held(name)
        if held:
            with pytest.raises(LockHeld) as refused:
                self.stores[store].acquire(name, holder, seconds, ephemeral=ephemeral)
            assert refused.value.holder == held.holder
            assert refused.value.remaining == pytest.approx(self.remaining(held), abs=0.001)
            return
        lock = self.stores[store].acquire(name, holder, seconds, ephemeral=ephemeral)
        assert lock.token == self.next_token(name)
        tied_to = self.clock.boot_id if ephemeral else None
        self.rows[name] = Held(holder, lock.token, *self.grant(seconds), tied_to)

    @rule(store=STORES, name=NAMES, holder=HOLDERS, seconds=SECONDS)
    def renew(self, store: int, name: str, holder: str, seconds: int) -> None:
        held = self.held(name)
        if not held or held.holder != holder:
            with pytest.raises(LockLost):
                self.stores[store].renew(name, holder, seconds)
            return
        token = held.token or self.next_token(name)
        assert self.stores[store].renew(name, holder, seconds).token == token
        self.rows[name] = Held(holder, token, *self.grant(seconds), held.tied_to)

    @rule(store=STORES, name=NAMES, holder=HOLDERS, token=st.none() | st.integers(0, 3))
    def release(self, store: int, name: str, holder: str, token: int | None) -> None:
        held = self.held(name)
        if not held or held.holder != holder or token not in (None, held.token):
            with pytest.raises(LockLost):
                self.stores[store].release(name, holder, token=token)
            return
        self.stores[store].release(name, holder, token=token)
        del self.rows[name]

    @rule(store=STORES, name=NAMES)
    def break_lock(self, store: int, name: str) -> None:
        held = self.held(name)
        if not held:
            with pytest.raises(LockNotFound):
                self.stores[store].break_lock(name)
            return
        assert self.stores[store].break_lock(name).token == held.token
        assert self.reader.lock_breaks(1)[0].token == held.token
        del self.rows[name]

    @rule(store=STORES, name=NAMES, behind=st.integers(0, 2))
    def write_under_a_token(self, store: int, name: str, behind: int) -> None:
        held, token = self.held(name), self.tokens.get(name, 0) - behind
        handle = self.stores[store]
        handle.fence(name, token)
        if held and held.token == token > 0:
            handle.set("key", self.written + 1)
            self.written += 1
        else:
            with pytest.raises(LockLost):
                handle.set("key", -1)
        handle.unfence(name)
        assert self.reader.get("key", 0) == self.written

    # -- another program

    @rule(name=NAMES, holder=HOLDERS, seconds=st.integers(-5, 20))
    def others_take(self, name: str, holder: str, seconds: int) -> None:
        token = self.next_token(name) if self.adopted() else 0
        expires = int(self.clock.wall()) + seconds
        self.foreign.execute(
            "INSERT OR REPLACE INTO locks(name, holder, expires_at) VALUES (?, ?, ?)",
            (name, holder, documented_time(expires)),
        )
        self.rows[name] = Held(holder, token, expires, None, "", None)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), seconds=st.integers(-5, 20))
    def others_extend(self, data: st.DataObject, seconds: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.rows)))
        row, expires = self.rows[name], int(self.clock.wall()) + seconds
        before = self.foreign.execute("SELECT expires_at FROM locks WHERE name = ?", (name,)).get
        after = documented_time(expires)
        self.foreign.execute("UPDATE locks SET expires_at = ? WHERE name = ?", (after, name))
        if after == before:
            return
        token = self.next_token(name) if self.adopted() else 0
        self.rows[name] = Held(row.holder, token, expires, None, "", None)

    @rule(name=NAMES)
    def others_delete(self, name: str) -> None:
        self.foreign.execute("DELETE FROM locks WHERE name = ?", (name,))
        self.rows.pop(name, None)

    # -- the machine

    @rule(milliseconds=st.integers(1, 30_000))
    def time_passes(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds / 1000)

    @rule(seconds=st.sampled_from([-86400, -3600, 3600, 86400]))
    def wall_clock_steps(self, seconds: int) -> None:
        self.clock.step_wall(seconds)

    @rule(seconds=st.integers(0, 20))
    def reboot(self, seconds: int) -> None:
        self.clock.reboot(seconds)

    @invariant()
    def all_handles_see_what_is_held(self) -> None:
        if not hasattr(self, "reader"):
            return
        expected = {name: row for name in sorted(self.rows) if (row := self.held(name))}
        for handle in (*self.stores, self.reader):
            found = handle.locks()
            assert [lock.name for lock in found] == list(expected)
            for lock in found:
                row = expected[lock.name]
                assert (lock.holder, lock.token) == (row.holder, row.token)
                assert lock.remaining == pytest.approx(self.remaining(row), abs=0.001)
                assert handle.lock(lock.name) == lock


def documented_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


LockModel.TestCase.settings = settings(max_examples=rounds(10, 600), stateful_step_count=40)
test_locks_keep_to_the_model = LockModel.TestCase
