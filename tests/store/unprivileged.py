"""Programs without the privileges of root, which may search and write every directory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

NOBODY = 65534

# What is imported before the right to read this checkout may be gone.
_PROGRAM = f"""
import importlib, io, json, os, pkgutil, sys
import sloth_tui.cli, sloth_tui.store
for package in (sloth_tui.cli, sloth_tui.store):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith(("sloth_tui.store.etcd", "sloth_tui.store.s3")):
            importlib.import_module(module.name)
if os.getuid() == 0:
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
ends, said = [], sys.stdout
for base, words in json.load(sys.stdin):
    os.environ["SLOTH_RUNNER_HOME"] = base
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
    code = sloth_tui.cli.main(words)
    ends.append([code, out.getvalue().decode(), err.getvalue().decode()])
json.dump(ends, said)
"""


WITHOUT_RIGHTS = [
    sys.executable,
    "-c",
    """
import ctypes, os, sys
if os.getuid() == 0:
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
""",
]
"""Before the path and the words of a program: what it starts too may do with files only what their modes say.

It stays the user it was, so that it finds the interpreter and this checkout, which other users may not."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run_unprivileged(commands: Iterable[tuple[Path, Sequence[str]]]) -> list[Ended]:
    """Run commands, each on its base directory, one after the other, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([(str(base), words) for base, words in commands]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [Ended(*ended) for ended in json.loads(done.stdout)]
