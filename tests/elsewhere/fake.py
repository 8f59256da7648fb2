"""A backend ``fake://``: SQLite files in ``$FAKE_STORE``, behind what may go wrong between two machines.

A file ``down`` there makes every call raise DatabaseUnusable; a file ``slow`` makes it wait until the file is
gone. Calls on the main thread, which would stop the screen, are noted in ``ON_MAIN_THREAD``.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sloth_tui.agents import check_name
from sloth_tui.errors import AgentNotFound, DatabaseUnusable, SlothError
from sloth_tui.model import Agent, Pace, StoreCheck
from sloth_tui.runner.supervision import process
from sloth_tui.runs import starting
from sloth_tui.settings import load_settings
from sloth_tui.store import address as addresses
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.engine import backup as whole
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings

DIRECTORY = "FAKE_STORE"
ADDRESS = "fake://db1:7,db2:7/shop"
ON_MAIN_THREAD: list[str] = []
_PURE = frozenset({"interrupt", "supersede", "fold", "reveal"})
"""What may be called on any thread: it asks nothing."""


def install() -> None:
    """Know ``fake://`` in this process, and in the workers and keepers that it starts."""
    addresses.BACKENDS["fake"] = "fake"
    addresses.OPENINGS["fake"] = __name__
    process._START = (
        "import sys; sys.path = sys.argv[1:]; from tests.elsewhere.fake import install; install();"
        " from sloth_tui.runner.worker.main import main; main()"
    )
    starting._START = process._START.replace("sloth_tui.runner.worker.main", "sloth_tui.runs.keeper")


def directory() -> Path:
    return Path(os.environ[DIRECTORY])


def path_of(agent: str) -> Path:
    return directory() / f"{check_name(agent)}.db"


def _ask(name: str) -> None:
    if threading.current_thread() is threading.main_thread():
        ON_MAIN_THREAD.append(name)
    deadline = time.monotonic() + A_MINUTE
    while (directory() / "slow").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    if (directory() / "down").exists():
        raise DatabaseUnusable(f"{ADDRESS}: no answer", hint="is a server running there?")


class Far:
    """An object of a store of files, as if it were on another machine."""

    backend = "fake"
    location = ADDRESS

    def __init__(self, near: Any) -> None:
        self._near = near

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._near, name)
        if not callable(found) or name in _PURE:
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            _ask(name)
            made = found(*arguments, **options)
            if name == "window":
                return Far(made)
            return _each(name, made) if hasattr(made, "__next__") else made

        return call

    def warning(self) -> None:
        return None

    def close(self) -> None:
        self._near.close()

    def __enter__(self) -> Far:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _each(name: str, made: Iterator[Any]) -> Iterator[Any]:
    for number, each in enumerate(made):
        if number % 1000 == 0:
            _ask(name)
        yield each


def open_store(
    address: str,
    agent: str,
    mode: Any,
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = load_settings,
    brief: bool = False,
) -> Any:
    assert address == ADDRESS
    _ask("open_store")
    path = path_of(agent)
    if mode == "read" and agent != "local" and not path.exists():
        raise AgentNotFound(f"agent '{agent}' has no store")
    return Far(open_path(str(path), mode, agent=agent, origin=origin, settings=settings))


def open_entries(address: str, agent: str) -> Any:
    return open_store(address, agent, "read")


class FarAgents:
    """See :class:`sloth_tui.store.port.Agents`."""

    pace = Pace(0.05, 0.1, 0.2)
    backups = "the backups of fake"

    def names(self) -> list[str]:
        _ask("names")
        return sorted({"local", *(path.stem for path in directory().glob("*.db"))})

    def known(self, name: str) -> bool:
        _ask("known")
        return path_of(name).exists()

    def warning(self, name: str) -> str | None:
        _ask("warning")
        return None

    def discover(self) -> list[Agent]:
        return [self.look_at(name) for name in self.names()]

    def look_at(self, name: str) -> Agent:
        _ask("look_at")
        path = path_of(name)
        try:
            changed = path.stat().st_mtime
            with open_path(str(path)) as store:
                return Agent(name, ADDRESS, True, None, changed, store.count(), len(store.locks()))
        except (FileNotFoundError, SlothError):
            if path.exists():
                raise
            return Agent(name, ADDRESS, False, None, None)

    def listing(self) -> object:
        raise AssertionError("not asked of a store with a pace")

    def identity(self, name: str) -> object:
        raise AssertionError("not asked of a store with a pace")

    state = identity

    def create(self, name: str) -> str:
        _ask("create")
        whole.create(str(path_of(name)))
        return ADDRESS

    def duplicate(self, name: str, copy: str, progress: Any = None) -> str:
        _ask("duplicate")
        whole.copy(str(path_of(name)), str(path_of(copy)), progress)
        return ADDRESS

    def back_up(self, name: str, progress: Any = None, target: str | None = None) -> str:
        _ask("back_up")
        target = target or str(directory() / "backup")
        whole.copy(str(path_of(name)), target, progress)
        return target

    def remove(self, name: str, progress: Any = None) -> str:
        backup = self.back_up(name, progress)
        path_of(name).unlink()
        return backup


def open_agents(address: str) -> Any:
    assert address == ADDRESS
    return FarAgents()


def check(address: str) -> StoreCheck:
    _ask("check")
    return StoreCheck("fake", ADDRESS, "1.2.3", True, "ci", 1.25, ("nearly full: make room",))
