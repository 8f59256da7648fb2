"""Threads of a run where there is hardly memory left: it goes on or fails, and never waits for ever."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest

import sloth_tui
from tests.support import A_MINUTE

# So many bytes more than the process has: from too few for the stack of a thread to enough for all it does,
# be it a small stack or that of most systems.
SCRIPT = """
import os, resource, signal, sys
from sloth_tui import shortage
{imports}
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
for more in [*range(200 << 10, 1600 << 10, 8 << 10), *range(8192 << 10, 9400 << 10, 8 << 10)]:
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
@pytest.mark.parametrize("case", [EMITTER, LEFTOVERS, LIVE], ids=["emitter", "leftovers", "live"])
def test_a_thread_that_has_no_memory_to_start_holds_nothing_up(case: dict[str, object]) -> None:
    script = SCRIPT.format(**case)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=2 * A_MINUTE
    )
    codes = done.stderr.split()
    assert set(codes) <= {"0", "1"}
    assert codes.count("0") >= 1
    assert done.stdout.count("said") == codes.count("0")


def test_whoever_starts_a_thread_in_a_run_does_not_wait_for_it() -> None:
    package = pathlib.Path(sloth_tui.__file__).parent
    files = [file for part in ("cli", "runner") for file in (package / part).rglob("*.py")]
    waiting = [file.name for file in files if re.search(r"\bThread\(|\bimport Thread\b", file.read_text())]
    assert len(files) > 100
    assert waiting == []
