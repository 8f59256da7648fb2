from __future__ import annotations

import copy
import os
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.supervision import process
from sloth_tui.runs import starting
from sloth_tui.store import address, open_path
from tests.docs import ROOT
from tests.elsewhere import fake

if TYPE_CHECKING:
    from pathlib import Path

RUN = "from tests.elsewhere.fake import install; install(); from sloth_tui.cli import program; program()"


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory behind ``fake://``, a backend that is known; the files of this machine are chosen."""
    directory = tmp_path / "far"
    directory.mkdir()
    monkeypatch.setenv(fake.DIRECTORY, str(directory))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.setattr(address, "BACKENDS", copy.copy(address.BACKENDS))
    monkeypatch.setattr(address, "OPENINGS", copy.copy(address.OPENINGS))
    monkeypatch.setattr(process, "_START", process._START)
    monkeypatch.setattr(starting, "_START", starting._START)
    monkeypatch.setattr(fake, "ON_MAIN_THREAD", [])
    fake.install()
    return directory


@pytest.fixture
def chosen(far: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As ``far``, and the environment chooses it. It holds two keys, and agent ``web`` one."""
    monkeypatch.setenv("SLOTH_RUNNER_STORE", fake.ADDRESS)
    with open_path(str(far / "local.db"), "write") as store:
        store.set_many({"app:name": "shop", "app:size": 3})
    with open_path(str(far / "web.db"), "write") as store:
        store.set("page", "index")
    return far


@pytest.fixture
def program(tmp_path: Path, far: Path) -> str:
    """The path of a program that is the command line, with ``fake://``."""
    path = tmp_path / "sloth-runner"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{RUN}" "$@"\n')
    path.chmod(0o755)
    return str(path)
