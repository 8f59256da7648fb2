"""Threads where there is hardly memory left: the program goes on or fails, and never waits for ever."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import threading

import pytest

import sloth_tui
from sloth_tui.threads import Thread
from tests.support import A_MINUTE, rounds

# So many bytes more than the process has: from too few for the stack of a thread to enough for all it does,
# be it a small stack or that of most systems.
SCRIPT = """
import os, resource, signal, sys
from sloth_tui import shortage
{imports}
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
starts = (200, 4096, 8192)
for more in [more for start in starts for more in range(start << 10, (start + 1300) << 10, {step})]:
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends it if it waits
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 3
        try:
            {before}
            resource.setrlimit(resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))
            {start}
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            {after}
            code = 0
        except MemoryError:
            code = 1
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr, flush=True)
"""
EMITTER = {
    "imports": "from sloth_tui.runner.worker.emitter import Emitter",
    "before": "",
    "start": "emitter = Emitter(1)",
    "after": "emitter.note('said')",
}
LEFTOVERS = {
    "imports": "import time; from sloth_tui.runner.hosts.local.pipes import leftovers",
    "before": "reader, writer = os.pipe(); os.set_blocking(reader, False)",
    "start": "leftovers.add([reader])",
    "after": "os.write(1, b'said')",
}
REACHABILITY = {
    "imports": (
        "from sloth_tui.runner.hosts import reachability;"
        "reachability._ask = lambda name, settings: reachability.Reachability(name, True)"
    ),
    "before": "",
    "start": "found = reachability.ask_all(list('abc'), dict)",
    "after": "assert ''.join(one.name for one in found) == 'abc'; os.write(1, b'said')",
}
ONE_BY_ONE = {
    "imports": "from sloth_tui.tui.services.one_by_one import OneByOne",
    "before": "",
    "start": "jobs = OneByOne('jobs'); future = jobs.submit(str, 1)",
    "after": (
        "jobs.stop(); assert future.cancelled() or future.exception() or future.result() == '1';"
        "os.write(1, b'said')"
    ),
}
LIVE = {
    "imports": (
        "from sloth_tui.cli.output.stdout import Output; from sloth_tui.cli.running.live import RunLive;"
        "from sloth_tui.runner.describe import RunDescriber"
    ),
    "before": "live = RunLive(Output(), RunDescriber())",
    "start": "live.__enter__()",
    "after": "live.__exit__(None, None, None); os.write(1, b'said')",
}


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks procfs for the size of a process")
@pytest.mark.parametrize(
    "case",
    [EMITTER, LEFTOVERS, LIVE, REACHABILITY, ONE_BY_ONE],
    ids=["emitter", "leftovers", "live", "reachability", "one-by-one"],
)
def test_a_thread_that_has_no_memory_to_start_holds_nothing_up(case: dict[str, object]) -> None:
    step = rounds(64, 8) << 10
    script = SCRIPT.format(**case, step=step)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=2 * A_MINUTE
    )
    codes = done.stderr.split()
    assert set(codes) <= {"0", "1"}
    assert codes.count("0") >= 1
    assert done.stdout.count("said") == codes.count("0")


def test_whoever_starts_a_thread_does_not_wait_for_it() -> None:
    """But for backups and exports of files: those end with an error, if at all, and nobody looks at them."""
    package = pathlib.Path(sloth_tui.__file__).parent
    files = [file for file in package.rglob("*.py") if not file.is_relative_to(package / "store" / "sqlite")]
    waits = r"\bthreading\.Thread\(|from threading import .*\bThread\b|ThreadPoolExecutor"
    assert len(files) > 300
    assert [file.name for file in files if re.search(waits, file.read_text())] == []


def test_a_thread_is_alive_while_it_runs() -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def work() -> None:
        seen.append(threading.current_thread().name)
        begun.set()
        go_on.wait(A_MINUTE)

    thread = Thread(work, "worker")
    thread.join()
    assert not thread.is_alive()
    thread.start()
    begun.wait(A_MINUTE)
    assert thread.is_alive()
    thread.join(0.01)
    go_on.set()
    thread.join(A_MINUTE)
    assert not thread.is_alive()
    assert seen == ["worker"]
