"""Random operations against a plain dictionary, while another program writes plain SQL beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.store.conformance.backends import SqliteBackend
from tests.store.conformance.test_model import KEYS, StoreAgainstDictionary
from tests.support import rounds

pytestmark = pytest.mark.slow


_PROGRAM = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute("BEGIN IMMEDIATE")
    for statement, *bindings in json.loads(line):
        connection.execute(statement, bindings)
    connection.execute("COMMIT")
    print("done", flush=True)
connection.close()
"""
_WRITES = (
    "INSERT OR REPLACE INTO state (key, value) VALUES (?1, ?2)",
    "INSERT INTO state (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
)


class OtherProgram:
    """One that keeps the database open, and runs the statements of each line in one transaction."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _PROGRAM, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, statements: list[tuple[str, ...]]) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(statements) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def end(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


class WithOthers(StoreAgainstDictionary):
    """What others do is part of the history, of undo, and of the store as it was."""

    other: OtherProgram | None = None
    written = 0

    @initialize()
    def open(self) -> None:
        super().open()
        self.handles[0].set("a", "first")
        self.model["a"] = "first"
        self.other = OtherProgram(Path(self.address))

    @rule(keys=st.lists(KEYS, min_size=1, max_size=3), how=st.sampled_from(_WRITES))
    def others_set(self, keys: list[str], how: str) -> None:
        assert self.other is not None
        values = {}
        for key in keys:
            self.written += 1
            values[key] = f"theirs {self.written}"
        self.other.run([(how, key, value) for key, value in values.items()])
        self.model.update(values)

    @rule(keys=st.lists(KEYS, min_size=1, max_size=3))
    def others_delete(self, keys: list[str]) -> None:
        assert self.other is not None
        self.other.run([("DELETE FROM state WHERE key = ?", key) for key in keys])
        for key in keys:
            self.model.pop(key, None)

    def teardown(self) -> None:
        if self.other is not None:
            self.other.end()
        super().teardown()


def test_a_store_that_others_write_to_behaves_like_a_dictionary_with_a_history(tmp_path: Path) -> None:
    machine = type("Machine", (WithOthers,), {"backend": SqliteBackend(tmp_path)})
    run_state_machine_as_test(machine, settings=settings(max_examples=rounds(5, 500), stateful_step_count=30))
