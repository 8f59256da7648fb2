"""Runs of Lua task files: what Lua adds to the store, what a worker adds to a start.

``python -m tests.benchmarks.bench_runner``. Both sides of a ratio take turns; what is printed is the
median of the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import apsw

from sloth_tui.runner.events import TaskOutput
from sloth_tui.runner.lua.context import Context
from sloth_tui.runner.lua.convert import json_functions
from sloth_tui.runner.lua.environment import publish_state
from sloth_tui.runner.lua.modules.locks import RunLocks
from sloth_tui.runner.lua.modules.state import StateModule
from sloth_tui.runner.lua.modules.tracking import Tracking
from sloth_tui.runner.lua.sandbox import Sandbox
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from sloth_tui.runner.worker.emitter import Emitter
from sloth_tui.runner.worker.key_changes import KeyChangeReporter
from sloth_tui.runner.worker.local_files import LocalFiles
from sloth_tui.store import open_store
from tests.runner.support import lua_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store

ROUNDS = 9
GETS = 20_000
SETS = 1_000
LINES = 10_000
TASKS = 300
KEYS = 100_000


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def compare(
    name: str, goal: float | None, ours: Callable[[], object], theirs: Callable[[], object], n: int
) -> None:
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(side) / n for side in zip(*pairs, strict=True))
    print(f"{name:34} {ratio:6.2f}x{_verdict(ratio, goal)}  {_time(mine)} against {_time(other)}")


def _verdict(ratio: float, goal: float | None) -> str:
    return "" if goal is None else f"  (goal {goal:.1f}x, {'ok' if ratio <= goal else 'MISSED'})"


def _time(duration: float) -> str:
    return f"{duration * 1e6:.1f} µs" if duration < 1e-3 else f"{duration * 1e3:.1f} ms"


def lua_state(store: Store) -> Sandbox:
    """Lua's state on this store, as a worker has it."""
    sandbox = Sandbox({"read_module": lambda _: (False, b"none")}, 512 * 1024 * 1024)
    emitter = Emitter(os.open(os.devnull, os.O_WRONLY))
    changes = KeyChangeReporter(emitter, "bench", os.getpid())
    changes.watch(store, store.revision(), keep_revisions=50)
    context = Context(os.getcwd(), may_act=True)
    tracking = Tracking(context, LocalFiles(context, None))
    module = StateModule(lambda: store, changes, sandbox.has_room, RunLocks(emitter.note), tracking)
    sandbox.publish("json", sandbox.define("json", json_functions()))
    publish_state(sandbox, module)
    return sandbox


def state_calls() -> None:
    with open_store("bench", "write") as store:
        store.set("key", "some value")
        sandbox = lua_state(store)
        get: Any = lua_function(sandbox, "local n = ... for _ = 1, n do state.get('key') end")
        set_: Any = lua_function(sandbox, "local n, r = ... for i = 1, n do state.set('key', r .. i) end")
        turn = iter(range(10**9))

        def store_gets() -> None:
            for _ in range(GETS):
                store.get("key")

        def store_sets() -> None:
            prefix = str(next(turn))
            for number in range(SETS):
                store.set("key", prefix + str(number))

        def lua_sets() -> None:
            set_(SETS, str(next(turn)).encode())

        compare("Lua state.get / store get", 1.5, lambda: get(GETS), store_gets, GETS)
        compare("Lua state.set / store set", 1.2, lua_sets, store_sets, SETS)
        bare_get, bare_set = bare(os.path.join(os.environ["SLOTH_RUNNER_HOME"], "bare.db"))
        compare("Lua state.get / bare APSW", None, lambda: get(GETS), bare_get, GETS)
        compare("Lua state.set / bare APSW", None, lua_sets, bare_set, SETS)


def bare(path: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """The same by statements alone: no history, same durability."""
    connection = apsw.Connection(path)
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    connection.execute("INSERT INTO state VALUES ('key', 'some value')")

    def get() -> None:
        for _ in range(GETS):
            connection.execute("SELECT value FROM state WHERE key = ?", ("key",)).fetchone()

    def put() -> None:
        for number in range(SETS):
            connection.execute("UPDATE state SET value = ? WHERE key = ?", (str(number), "key"))

    return get, put


def run(path: str) -> None:
    *_, last = Supervisor(RunRequest(path, "bench")).events()
    assert getattr(last, "exit_code", None) == 0, last


def printed_lines(directory: str) -> None:
    path = write(
        directory, f"task({{name='p', run=function() for i = 1, {LINES} do print('line ' .. i) end end}})"
    )
    started = time.perf_counter()
    events = Supervisor(RunRequest(path, "bench")).events()
    lines = [event.text for event in events if isinstance(event, TaskOutput)]
    took = time.perf_counter() - started
    assert lines == [f"line {number}" for number in range(1, LINES + 1)]
    verdict = "ok" if took < 1 else "MISSED"
    print(f"{LINES:,} printed lines, whole run      {took:6.2f}s  (goal 1.0s, {verdict})")


def trivial_run(directory: str) -> None:
    path = write(directory, "task({name='a', run=function() print('hi') end})")
    command = [os.path.join(os.path.dirname(sys.executable), "sloth-runner"), "run", path]
    compare(
        "run of one trivial task / pass",
        6.0,
        lambda: quiet(command),
        lambda: quiet([sys.executable, "-c", "pass"]),
        1,
    )


def quiet(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def many_tasks(directory: str) -> None:
    work = "state.increment('n') print('worked')"
    one = write(
        directory, f"task({{name='one', run=function() for _ = 1, {TASKS} do {work} end end}})", "one.lua"
    )
    each = f"task({{name='t' .. i, run=function() {work} end}})"
    many = write(directory, f"for i = 1, {TASKS} do {each} end", "many.lua")
    compare(f"{TASKS} tasks / one doing the same", 1.5, lambda: run(many), lambda: run(one), 1)


def checks(directory: str) -> None:
    """A check works on a copy of the whole store."""
    with open_store("large", "write") as store:
        store.set_many({f"key:{number}": f"value {number}" for number in range(KEYS)})
    path = write(directory, "task({name='a', run=function() state.set('key:1', 'value 1') end})", "check.lua")
    command = [os.path.join(os.path.dirname(sys.executable), "sloth-runner"), "run", "--agent", "large", path]
    compare(
        f"run --check on {KEYS:,} keys / run",
        2.0,
        lambda: quiet([*command, "--check"]),
        lambda: quiet(command),
        1,
    )


def write(directory: str, text: str, name: str = "tasks.lua") -> str:
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as directory:
        os.environ["SLOTH_RUNNER_HOME"] = directory
        state_calls()
        printed_lines(directory)
        many_tasks(directory)
        trivial_run(directory)
        checks(directory)


if __name__ == "__main__":
    main()
