"""Whatever is in a database, a run that meets it ends in words: one line for each call, and no crash."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import Result, piped
from tests.runner.support import write
from tests.store.damage import fill, remove, spoil_bytes, spoil_cells
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Spoil = Callable[[Path, Path, int, int], list[str]]

CALLS = """
local calls = {
  function() return state.get("a:text"), state.get("a:table"), state.get("a:bytes") end,
  function() return state.exists("a:float") end,
  function() for key, value in pairs(state.list("a:")) do assert(key) end end,
  function() for _, key in ipairs(state.keys()) do assert(key) end end,
  function() return state.is_locked("held") end,
  function() state.set("a:text", "other") end,
  function() state.increment("a:integer") end,
  function() state.set_if_absent("a:new", {1, 2}) end,
  function() state.compare_and_set("a:boolean", true, false) end,
  function() state.delete("a:float") end,
  function() state.transaction(function() state.set("t", state.get("a:integer")) end) end,
  function() state.try_lock("held", "me", 5) end,
  function() state.unlock("held", "me") end,
  function() state.renew("other", "you", 5) end,
  function() state.with_lock("free", "me", 5, function() state.set("w", 1) end) end,
}
"""
EACH = (
    CALLS
    + """
task({name = "a", run = function()
  for number, call in ipairs(calls) do
    local ok, message = pcall(call)
    print(number, ok, ok or message)
  end
end})
"""
)
LOADED = (
    CALLS
    + """
for number = 1, 5 do calls[number]() end
task({name = "a", run = function() end})
"""
)
FAILING = """
task({name = "a", run = function() state.get("a:text") end})
"""
SETTING = """
task({name = "a", run = function()
  print("set", pcall(state.set, "a:text", "other"))
  print("got", state.get("a:text"))
  state.set("a:text", "another")
end})
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(base))
        fill(base)
    return base / "state" / "local.db"


def run(path: str, name: str, *options: str) -> Result:
    return piped("run", path, "--agent", name, *options)


def said(done: Result) -> list[str]:
    """The lines of stderr that are no warnings."""
    return [line for line in done.err.splitlines() if not line.startswith("warning: ")]


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_cells, spoil_bytes], ids=["cells", "bytes"])
def test_each_call_of_a_task_succeeds_or_raises_in_words(
    base: Path, tmp_path: Path, original: Path, spoil: Spoil
) -> None:
    (base / "state").mkdir(parents=True)
    path = write(tmp_path, EACH)
    seed = int(os.environ.get("SLOTH_SEED", "3"))
    for name in spoil(original, base / "state", seed, rounds(6, 1000)):
        done = run(path, name)
        assert (done.code, said(done)) == (0, []), (name, done)
        answers = [line.split("\t") for line in done.out.splitlines() if "\t" in line]
        assert [int(number) for number, *_ in answers] == list(range(1, 16)), (name, done.out)
        for _, ok, message in answers:
            assert ok == "true" or message.startswith("tasks.lua:"), (name, message)
            for sign in ("Traceback", "Error:", "codec", "NoneType", "apsw", "[string"):
                assert sign not in message, (name, message)
        remove(base / "state", name)


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_cells, spoil_bytes], ids=["cells", "bytes"])
def test_a_file_that_reads_it_while_it_is_loaded_is_listed_or_told_about(
    base: Path, tmp_path: Path, original: Path, spoil: Spoil
) -> None:
    (base / "state").mkdir(parents=True)
    path = write(tmp_path, LOADED)
    seed = int(os.environ.get("SLOTH_SEED", "4"))
    for name in spoil(original, base / "state", seed, rounds(6, 1000)):
        done = run(path, name, "--list")
        if done.code == 0:
            assert (done.out, said(done)) == ("a\t\t\t\n", []), (name, done)
        else:
            first, *hints = said(done)
            assert done.code == 2, (name, done)
            assert first.startswith("error: "), (name, done)
            assert "Traceback" not in done.err, (name, done)
            assert [hint for hint in hints if not hint.startswith("hint: ")] == [], (name, done)
        remove(base / "state", name)


def overwrite_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def overwrite_type(path: Path) -> None:
    script = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
    connection.execute(f'DROP TRIGGER "{name}"')
connection.execute("UPDATE state SET type = CAST(x'ff' AS TEXT)")
connection.close()
"""
    subprocess.run([sys.executable, "-c", script, path], check=True, timeout=60)


DAMAGE = {"pages": overwrite_pages, "type": overwrite_type}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_database_fails_the_task_and_is_named(
    base: Path, tmp_path: Path, original: Path, damage: Callable[[Path], None]
) -> None:
    database = base / "state" / "local.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(original.read_bytes())
    damage(database)
    done = run(write(tmp_path, FAILING), "local")
    assert (done.code, done.err) == (20, "error: 1 task failed\n")
    assert f"tasks.lua:2: state.get: {database}: damaged (" in done.out
    assert "Traceback" not in done.out


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_a_damaged_database_keeps_from_loading_says_so_with_its_line(
    base: Path, tmp_path: Path, original: Path, damage: Callable[[Path], None]
) -> None:
    database = base / "state" / "local.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(original.read_bytes())
    damage(database)
    path = write(tmp_path, 'state.get("a:text")\n' + FAILING)
    for options in (["--list"], []):
        done = run(path, "local", *options)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: tasks.lua:1: state.get: {database}: damaged (")
        assert len(said(done)) == 1


def test_what_is_done_counts_even_if_history_cannot_tell_of_it(
    base: Path, tmp_path: Path, original: Path
) -> None:
    database = base / "state" / "local.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(original.read_bytes())
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE TRIGGER spoil AFTER INSERT ON sloth_history BEGIN"
            " UPDATE sloth_history SET old_type = CAST(x'ff' AS TEXT) WHERE revision = NEW.revision; END"
        )
        connection.commit()
    done = run(write(tmp_path, SETTING), "local")
    assert (done.code, done.err) == (0, "")
    heard = [line.split(" (")[0] for line in done.out.splitlines()[1:-2]]
    assert heard == [
        "task a",
        f"  warning: changes could not be read back: {database}: damaged",
        "  set\ttrue\ttrue",
        "  got\tother",
    ]
