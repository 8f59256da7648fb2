"""What a command must not import: start-up is a feature of commands that scripts call in loops."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "argparse",
    "asyncio",
    "dataclasses",
    "enum",
    "importlib.metadata",
    "inspect",
    "jinja2",
    "json",
    "logging",
    "lupa",
    "pathlib",
    "re",
    "rich",
    "subprocess",
    "tempfile",
    "textual",
    "tomllib",
    "typing",
    "yaml",
]

SHOW_HEAVY = """
import sys
from sloth_tui.cli import main
code = main({arguments!r})
sys.stdout.flush()
print(code, *sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""


def imported(*arguments: str) -> str:
    script = SHOW_HEAVY.format(arguments=list(arguments), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture
def filled() -> None:
    for arguments in (("state", "set", "app:version", "v1"), ("state", "set", "n", "3", "--type", "integer")):
        subprocess.run([sys.executable, "-m", "sloth_tui", *arguments], check=True, timeout=30)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "arguments",
    [
        ("state", "get", "app:version"),
        ("state", "list", "-o", "json"),
        ("state", "list", "--output=json", "--agent", "local", "app"),
        ("state", "list", "-o", "keys"),
    ],
)
def test_a_read_in_a_script_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == "0"


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("module", ["rich", "textual", "lupa", "jinja2", "asyncio"])
def test_a_piped_table_needs_no_front_end_library(module: str) -> None:
    assert module not in imported("state", "list").split()
