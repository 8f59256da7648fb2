"""The store on etcd against bare calls of the same client to the same server, and its command against others.

``python -m tests.benchmarks.bench_etcd``. A server of its own on loopback. Both sides of a ratio take turns;
what is printed is the median of the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from sloth_tui.model import Query
from sloth_tui.store.etcd.client.messages import Put, Range, Txn
from sloth_tui.store.etcd.data.head import NONE
from sloth_tui.store.etcd.opening import open_store
from tests.servers import etcd as server

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Barrier

    from sloth_tui.store.etcd.store import EtcdStore

ROUNDS = 9
CALLS = 100
ROWS = 100_000
AT_ONCE = 10_000
WRITERS = 4
SECONDS = 3.0
PROCESSES = 15
_PATIENCE_SECONDS = 5.0


def timed(act: Callable[[], object], count: int = CALLS) -> float:
    """Return the seconds of one call, as the mean of ``count``."""
    began = time.perf_counter()
    for _ in range(count):
        act()
    return (time.perf_counter() - began) / count


def show(name: str, ratio: float, goal: str, detail: str = "") -> None:
    print(f"{name:44} {ratio:8.2f}x  (goal {goal}){'  ' + detail if detail else ''}", flush=True)


def compare(name: str, goal: float, ours: Callable[[], object], bare: Callable[[], object]) -> None:
    ratios = []
    for _ in range(ROUNDS):
        other = timed(bare)
        ratios.append(timed(ours) / other)
    show(name, statistics.median(ratios), f"{goal:g}x")


def calls(address: str) -> None:
    """Time sets and gets against a put and a get of the same client."""
    with open_store(address, "local", "write") as store:
        session = store._session
        store.fence("deploy", store.acquire("deploy", "bench", 3600).token)
        numbers = iter(range(10**9))

        def put() -> None:
            request = Txn((), (Put(session.address.prefix + b"bare", b"value"),))
            session.channel.txn(request, _PATIENCE_SECONDS)

        def read_first() -> None:
            session.learn(NONE)
            store.set("key", next(numbers))

        bare_key = Range(session.layout.entry(b"key"))
        compare("set with history and fence, head known", 1.6, lambda: store.set("key", next(numbers)), put)
        compare("the same, head read first", 3.0, read_first, put)
        compare(
            "get",
            1.2,
            lambda: store.get("key"),
            lambda: session.channel.range(bare_key, _PATIENCE_SECONDS),
        )
        store.release("deploy", "bench")


def write(address: str, gate: Barrier, done: object) -> None:
    count = 0
    with open_store(address, "local", "write") as store:
        gate.wait()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            store.increment("shared")
            count += 1
    done.put(count)  # type: ignore[attr-defined]


def writers(address: str) -> None:
    """Several processes that increment one key: exact, and how evenly they got on."""
    spawn = multiprocessing.get_context("spawn")
    gate, done = spawn.Barrier(WRITERS), spawn.SimpleQueue()
    processes = [spawn.Process(target=write, args=(address, gate, done)) for _ in range(WRITERS)]
    for process in processes:
        process.start()
    counts = [done.get() for _ in processes]
    for process in processes:
        process.join()
    with open_store(address, "local") as store:
        exact = "exact" if store.get("shared") == sum(counts) else f"NOT EXACT: {store.get('shared')}"
    share = min(counts) * WRITERS / sum(counts)
    told = f"{sum(counts)} in {SECONDS:g} s, {exact}, smallest share {share:.2f}  (goal 0.5)"
    print(f"{'increments of one key by 4 processes':44} {told}", flush=True)


def cpu(command: list[str], env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=env, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(address: str, port: int) -> None:
    """Whole processes: ``state get`` and ``etcdctl get`` against an empty Python, by processor time."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HOME": home}
        get = [sys.executable, "-m", "sloth_tui", "state", "get", "key", "--store", address]
        peer = [server.ETCDCTL or "etcdctl", f"--endpoints=127.0.0.1:{port}", "get", "bare"]
        sides: list[tuple[float, float]] = []
        for _ in range(PROCESSES):
            empty = cpu([sys.executable, "-c", "pass"], env)
            sides.append((cpu(get, env) / empty, cpu(peer, {**env, "ETCDCTL_API": "3"}) / empty))
    ours, theirs = (statistics.median(side) for side in zip(*sides, strict=True))
    show("state get, processor time, to python -c pass", ours, "5x", f"etcdctl get: {theirs:.2f}x")


def fill(store: EtcdStore) -> None:
    for first in range(0, ROWS, AT_ONCE):
        store.set_many(
            {
                f"app{number % 50:02}:key:{number:06}": f"value {number}"
                for number in range(first, first + AT_ONCE)
            }
        )


def window(address: str) -> None:
    """How long the rows of a table take, in the time of one get."""
    with open_store(address, "rows", "write") as store:
        fill(store)
        first, complete, changes = [], [], []
        for _ in range(3):
            get = timed(lambda: store.get("app00:key:000000"))
            rows, query = store.window(), Query()
            rows.supersede(1)
            began, told = time.perf_counter(), 0.0
            for _, done in rows.index(query, 1):
                told = told or time.perf_counter() - began
                if done:
                    complete.append((time.perf_counter() - began) / get)
            first.append(told / get)
            store.set("a:first", time.time())
            began = time.perf_counter()
            while not (page := rows.page(1, 0, 1)) or page[0] is None or page[0].key != "a:first":
                list(rows.index(query, 1))
            changes.append(time.perf_counter() - began)
            store.delete("a:first")
            rows.close()
    show("first rows of 100,000 keys, to a get", statistics.median(first), "100x")
    show("all 100,000 keys, to a get", statistics.median(complete), "1000x")
    milliseconds = statistics.median(changes) * 1e3
    print(f"{'a change of another handle is in the rows':44} after {milliseconds:.0f} ms  (goal 500)")


def main() -> None:
    if not server.BINARIES:
        raise SystemExit("error: there is no etcd (sh tests/setup.sh)")
    with server.Etcd() as running:
        calls(running.address("calls"))
        writers(running.address("writers"))
        commands(running.address("calls"), running.members[0].port)
        window(running.address("window"))


if __name__ == "__main__":
    main()
