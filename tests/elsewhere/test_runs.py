"""Runs on another store than the files of this machine: the worker, its tasks, and what they start."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_copy, open_path
from tests.cli.support import piped
from tests.elsewhere import fake
from tests.runner.support import run_task

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value

pytestmark = pytest.mark.slow

WRITE = """
state.increment("app:size")
state.set("seen", state.get("app:name"))
"""


def held(directory: Path) -> dict[str, Value]:
    with open_path(str(directory / "local.db")) as store:
        return dict(store.items())


def test_a_worker_reads_and_writes_the_store_of_the_environment(chosen: Path, tmp_path: Path) -> None:
    told = run_task(tmp_path, WRITE)
    assert told.end.exit_code == 0, told.errors
    assert held(chosen) == {"app:name": "shop", "app:size": 4, "seen": "shop"}
    assert told.changes == [("app:size", 3, 4), ("seen", None, "shop")]
    assert not (chosen.parent / "base").exists()


def test_a_check_changes_a_copy_of_what_the_store_holds(chosen: Path, tmp_path: Path) -> None:
    told = run_task(tmp_path, WRITE, check=True)
    assert told.end.exit_code == 10, told.errors
    assert told.changes == [("app:size", 3, 4), ("seen", None, "shop")]
    assert held(chosen) == {"app:name": "shop", "app:size": 3}


def test_a_check_meets_the_locks_that_are_held(chosen: Path, tmp_path: Path) -> None:
    with open_path(str(chosen / "local.db"), "write") as store:
        store.acquire("deploy", "ann", 600)
    told = run_task(tmp_path, 'print(state.is_locked("deploy"))', check=True)
    assert told.lines == ["true\tann"]


def test_a_copy_holds_every_type_and_is_lost(chosen: Path) -> None:
    values: dict[str, Value] = {
        "b": b"\x00\xff",
        "f": 0.5,
        "i": -(2**63),
        "l": ["a", None],
        "t": {"x": 1},
        "y": True,
    }
    with open_path(str(chosen / "types.db"), "write") as store:
        store.set_many(values)
    with open_copy("types") as copy:
        assert dict(copy.items()) == values
        copy.set("more", 1)
    assert not any("private copy" in str(path) for path in chosen.iterdir())
    with open_copy("nobody") as copy:
        assert copy.count() == 0
        copy.set("more", 1)
    assert not (chosen / "nobody.db").exists()


def test_a_copy_of_many_keys_is_complete(chosen: Path) -> None:
    with open_path(str(chosen / "many.db"), "write") as store:
        store.set_many({f"k{number:05}": number for number in range(25_000)})
    with open_copy("many") as copy:
        assert copy.count() == 25_000
        assert copy.get_many(["k00000", "k09999", "k10000", "k24999"]) == {
            "k00000": 0,
            "k09999": 9_999,
            "k10000": 10_000,
            "k24999": 24_999,
        }


@pytest.mark.parametrize("by", ["flag", "settings"])
def test_what_a_task_starts_uses_the_store_of_its_run(
    base: Path, far: Path, tmp_path: Path, program: str, by: str
) -> None:
    """Whether it was named by a flag or by the settings, and even if those change meanwhile."""
    base.mkdir()
    settings = base / "config.toml"
    file = tmp_path / "tasks.lua"
    file.write_text(
        f'task({{name = "t", run = function()\n'
        f'  cmd("rm -f {settings}")\n'
        f'  state.set("by:task", 1)\n'
        f'  cmd("{program} state set by:command 2")\n'
        f"end}})\n"
    )
    words = [program, "run", str(file)]
    if by == "flag":
        words += ["--store", fake.ADDRESS]
    else:
        settings.write_text(f'[store]\naddress = "{fake.ADDRESS}"\n')
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert held(far) == {"by:task": 1, "by:command": "2"}


def test_drift_asks_the_store(chosen: Path, tmp_path: Path) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "t", run = function() state.set("app:size", 4) end})')
    done = piped("drift", str(file))
    assert done.code == 10, done.err
    assert "app:size" in done.out
    assert held(chosen)["app:size"] == 3


def test_a_store_that_does_not_answer_fails_the_run_in_its_words(chosen: Path, tmp_path: Path) -> None:
    (chosen / "down").touch()
    told = run_task(tmp_path, 'state.set("a", 1)')
    assert told.end.result in ("failed", "error")
    assert f"{fake.ADDRESS}: no answer" in " ".join([*told.errors.values(), told.end.error or ""])
