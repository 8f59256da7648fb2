"""What a command on etcd must not import: it makes a few calls and ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "argparse",
    "asyncio",
    "dataclasses",
    "email",
    "grpc",
    "http.client",
    "inspect",
    "logging",
    "rich",
    "ssl",
    "subprocess",
    "textual",
    "typing",
    "urllib.request",
    "sloth_tui.cli.parsing.parser",
    "sloth_tui.settings_file",
]
WRITING = [
    "threading",
    "sloth_tui.store.etcd.commits",
    "sloth_tui.store.etcd.history",
    "sloth_tui.store.etcd.upkeep",
]
"""What a command that only reads does not need either."""
SHOW_HEAVY = """
import sys
from sloth_tui.cli import main
code = main({arguments!r})
sys.stdout.flush()
print(code, *sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""


def imported(heavy: list[str], *arguments: str) -> str:
    script = SHOW_HEAVY.format(arguments=list(arguments), heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    return done.stderr.strip().splitlines()[-1]


def test_a_command_that_reads_imports_nothing_heavy(address: str) -> None:
    assert imported(HEAVY, "state", "set", "key", "value", "--store", address) == "0"
    assert imported(HEAVY + WRITING, "state", "get", "key", "--store", address) == "0"


@pytest.mark.parametrize("words", [("state", "increment", "n"), ("state", "delete", "n", "--yes")])
def test_a_command_that_writes_imports_nothing_heavy(address: str, words: tuple[str, ...]) -> None:
    assert imported(HEAVY, "state", "set", "n", "1", "--store", address) == "0"
    assert imported(HEAVY, *words, "--store", address) == "0"
