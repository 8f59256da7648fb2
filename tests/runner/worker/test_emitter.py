"""The lines of a worker where there is hardly memory left: it goes on or fails, and never waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import A_MINUTE

pytestmark = pytest.mark.slow

# So many bytes more than the process has: from too few for the stack of a thread to enough for all it does.
SCRIPT = """
import os, resource, sys
from sloth_tui import shortage
from sloth_tui.runner.worker.emitter import Emitter
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
for more in range(200 * 1024, 600 * 1024, 4096):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))
            emitter = Emitter(1)
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            emitter.note("said")
            code = 0
        except MemoryError:
            code = 1
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr, flush=True)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks procfs for the size of a process")
def test_a_thread_that_has_no_memory_to_start_holds_nothing_up() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=A_MINUTE)
    codes = done.stderr.split()
    assert set(codes) == {"0", "1"}
    assert done.stdout.count("said") == codes.count("0")
