from __future__ import annotations

import gc
import itertools
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.leftovers import Leftovers
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.servers.fixtures"]
"""Not imported where they are used: each ``conftest.py`` that did would have servers of its own."""

_OURS = ("SLOTH_", "TEXTUAL", "XDG_")
_PICTURES = "TEXTUAL_SNAPSHOT_TEMPDIR"
"""Where the plugin that compares pictures puts those that differ."""
_COLOUR = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CLICOLOR", "COLUMNS", "LINES")
_CLIPBOARDS = ("DISPLAY", "WAYLAND_DISPLAY", "TMUX")
_PYTHON = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
"""What some machines set for every Python, and people do not: it changes how programs end, and start."""


_leftovers = pytest.StashKey[Leftovers]()
_numbers = itertools.count()

# How long an example takes depends on the machine, and on who else wants it.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=rounds(50, 2000),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    # A shell has what runs in its background ignore it, and then all that the tests start would do so too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # readline, which pytest imports, may set them past ``os.environ``; what the tests start would heed it.
    for name in ("COLUMNS", "LINES"):
        if name not in os.environ:
            os.unsetenv(name)
    # Modules and tests are here to stay: no search for garbage among them, neither now nor later.
    gc.disable()
    if not hasattr(config, "workerinput"):
        config.stash[_leftovers] = Leftovers()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, and leave out what only ``make proof`` runs."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if not rounds(0, 1):
        left_out = [item for item in items if item.get_closest_marker("proof")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("proof")]


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(500_000, 5, 5)  # apps that have ended are some hundred thousand objects each
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if "tests.workers" in sys.modules:
        sys.modules["tests.workers"].close()
    leftovers = session.config.stash.get(_leftovers, None)
    # What thousands of tests and modules left goes with the process. pytest would look through it five times
    # for garbage, and Python once more.
    gc.freeze()
    left = leftovers.found() if leftovers else []
    if left:
        print("\nleft behind by the tests:", *left, sep="\n  ")
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the test's own. pytest's looks through those of all tests before it for a free name."""
    name = re.sub(r"\W", "_", request.node.name)[:25]
    path = tmp_path_factory.getbasetemp() / f"{name}-{next(_numbers)}"
    path.mkdir(0o700)
    return path


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty base directory and an environment without anything of the person who runs the tests."""
    for name in list(os.environ):
        if (name.startswith(_OURS) and name != _PICTURES) or name in (*_COLOUR, *_CLIPBOARDS, *_PYTHON):
            monkeypatch.delenv(name)
    # The command line sets it, for what it starts: whatever a test sets is taken back.
    monkeypatch.setenv("SLOTH_RUNNER_STORE", "")
    monkeypatch.delenv("SLOTH_RUNNER_STORE")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(tmp_path / "base"))
    return tmp_path / "base"
