"""Find out whether the files of this machine can be read, and how fast."""

from __future__ import annotations

import time

import apsw

from sloth_tui.agents import DEFAULT_AGENT
from sloth_tui.model import StoreCheck
from sloth_tui.store.sqlite import agent_names, database_path, exposure, state_directory
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.entries.reading import EntryReading

_SOUGHT = "store:check"
"""A key that need not exist."""


def check() -> StoreCheck:
    """Read from the database of the default agent. Raises DatabaseUnusable."""
    names = agent_names()
    with EntryReading(DEFAULT_AGENT, OpenDatabase(database_path(DEFAULT_AGENT))) as entries:
        began = time.perf_counter()
        entries.exists(_SOUGHT)
        took = time.perf_counter() - began
    warnings = dict.fromkeys(filter(None, (exposure(database_path(name)) for name in names)))
    return StoreCheck(
        "sqlite", state_directory(), apsw.sqlite_lib_version(), False, None, took * 1000, tuple(warnings)
    )
