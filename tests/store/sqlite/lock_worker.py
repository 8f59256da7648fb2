"""A process that works under a lock as it is told, for tests that stop and kill it.

``python -m tests.store.sqlite.lock_worker PATH fenced|unfenced``; one command a line on stdin, one answer
each on stdout. Every write appends to a list that was read before, outside the transaction: only the lock,
and behind it the fence, keeps two of them apart.
"""

from __future__ import annotations

import os
import sys

from sloth_tui.errors import LockHeld, LockLost
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore

NAME = "shared"
REGISTER = "register"
"""Holds every write: a list of ids."""
WRITTEN = "written:"
"""Prefix of one key a write: its id, holding its token."""


class Worker:
    def __init__(self, path: str, *, fenced: bool) -> None:
        self.store = SqliteStore("agent", Database(path))
        self.fenced = fenced
        self.holder = str(os.getpid())
        self.token = 0
        self.writes = 0
        self.register: list[object] = []

    def obey(self, command: str, *arguments: str) -> str:
        if command == "take":
            seconds, wait, ephemeral = arguments
            return self.take(float(seconds), float(wait), ephemeral=ephemeral == "ephemeral")
        if command == "read":
            return self.read()
        if command == "write":
            return self.write()
        self.work(float(arguments[0]))
        return "done"

    def take(self, seconds: float, wait: float, *, ephemeral: bool) -> str:
        try:
            lock = self.store.acquire(NAME, self.holder, seconds, wait=wait, ephemeral=ephemeral)
        except LockHeld as refused:
            return f"held {refused.holder} {refused.remaining}"
        self.token = lock.token
        if self.fenced:
            self.store.fence(NAME, lock.token)
        return f"token {lock.token}"

    def read(self) -> str:
        found = self.store.get(REGISTER, [])
        assert isinstance(found, list)
        self.register = found
        return f"read {len(found)}"

    def write(self) -> str:
        self.writes += 1
        write = f"{self.holder}-{self.writes}"
        try:
            self.store.set_many({REGISTER: [*self.register, write], WRITTEN + write: self.token})
        except LockLost:
            return "lost"
        self.register = [*self.register, write]
        return f"wrote {write}"

    def work(self, seconds: float) -> None:
        """Take the lock, write a few values and release it, for ever; report each write at once."""
        while True:
            if self.take(seconds, 30, ephemeral=False).startswith("held"):
                continue
            self.read()
            for _ in range(5):
                said = self.write()
                if said == "lost":
                    break
                say(said)
            self.store.unfence(NAME)
            try:
                self.store.release(NAME, self.holder, token=self.token)
            except LockLost:
                continue


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def main() -> None:
    worker = Worker(sys.argv[1], fenced=sys.argv[2] == "fenced")
    say("ready")
    for line in sys.stdin:
        say(worker.obey(*line.split()))


if __name__ == "__main__":
    main()
