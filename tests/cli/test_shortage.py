"""Few open files, little memory, few processes, small files: one line names the limit; the exit code is 1."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.store import open_store
from tests.readable import as_user, readable_program
from tests.support import A_MINUTE, sweep, wait_until
from tests.terminal import Tmux, needs_tmux

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

COMMANDS = {
    "get": "state get k",
    "list": "state list",
    "set": "state set k v",
    "increment": "state increment n",
    "show": "state show k",
    "history": "state history k",
    "log": "state log",
    "stats": "state stats",
    "lock": "lock acquire l --holder h --ttl 5",
    "locks": "lock list",
    "agents": "agents",
    "run": "run {file}",
    "tasks": "run {file} --list",
}
MEMORY = {"get": COMMANDS["get"], "set": COMMANDS["set"], "run": COMMANDS["run"], "tasks": COMMANDS["tasks"]}
BASH = shutil.which("bash") or "bash"
"""A shell that can limit the number of processes; not every sh can."""
NO_PROGRAM = "import sloth_tui.cli"
"""What has to succeed before the program can say anything at all."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def limited(limit: str, command: str, *, python: str = "-m sloth_tui") -> Ended:
    text = f"ulimit -{limit}; exec {sys.executable} {python} {command}"
    done = subprocess.run([BASH, "-c", text], capture_output=True, text=True, timeout=A_MINUTE)
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "a", run = function() state.set("a", 1) end})')
    with open_store("local", "write") as store:
        store.set("k", "v")
    return file


def is_named(done: Ended, words: str) -> bool:
    """True if the one line on stderr says so, or the run that got as far as its task does."""
    if done.code == 20:
        return words in done.out and done.err == "error: 1 task failed\n"
    return done.code == 1 and words in done.err and done.err.count("\n") == 1


def is_of_the_interpreter(done: Ended) -> bool:
    """True if the interpreter itself has failed, before a line of the program ran."""
    return "Traceback" in done.err and "/sloth_tui/" not in done.err


FILES = [(command, files) for command in COMMANDS for files in range(5, 17)]
# Of neighbouring numbers one stops a program where the other does: each number is tried with some commands.
SOME_FILES = [one for number, one in enumerate(FILES) if number % 11 == 0]


@pytest.mark.parametrize(("command", "files"), sweep(FILES, SOME_FILES))
def test_few_open_files_are_enough_or_named(file: Path, command: str, files: int) -> None:
    done = limited(f"n {files}", COMMANDS[command].format(file=file))
    words = f"too many open files (limit {files}): raise it with ulimit -n\n"
    assert done.code == 0 or is_named(done, words), done


def test_few_open_files_for_a_run_are_named(file: Path) -> None:
    done = limited("n 10", f"run {file}")
    assert done == (1, "", "error: too many open files (limit 10): raise it with ulimit -n\n")


def test_few_open_files_for_a_command_are_named_by_its_task(tmp_path: Path) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "a", run = function() cmd("true") end})')
    ends = [limited(f"n {files}", f"run {file}") for files in range(12, 17)]
    failed = [done for done in ends if done.code == 20]
    assert all("cmd: cannot start: too many open files (limit 1" in done.out for done in failed), ends
    assert failed != []


# With less, CPython 3.11 may go round and round: it has no room for the place where an exception was raised.
@pytest.mark.parametrize("limit", sweep(range(17_000, 36_000, 1_000), (18_000, 32_000)))
def test_little_memory_is_enough_or_named(file: Path, limit: int) -> None:
    if limited(f"v {limit}", "", python=f"-c '{NO_PROGRAM}'").code != 0:
        return  # not enough for the interpreter
    for command in MEMORY.values():
        done = limited(f"v {limit}", command.format(file=file))
        if done.code != 0 and not is_of_the_interpreter(done):
            assert is_named(done, "out of memory"), (command, done)


@pytest.mark.parametrize(
    "error", ["MemoryError", "OSError(12, 'Cannot allocate memory')"], ids=["memory", "system"]
)
def test_too_little_memory_for_the_program_is_named(tmp_path: Path, error: str) -> None:
    # As where the interpreter comes up, and then there is not enough for a module.
    package = tmp_path / "sloth_tui"
    package.mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(os.path.join(os.path.dirname(find_program()), name), package / name)
    (package / "cli.py").write_text(f"raise {error}\n")
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", "agents"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: out of memory\n")


# Each would look for a module, in directories that there is no memory to list.
SHORTAGES = {
    "describe_shortage(MemoryError())": "out of memory",
    "out_of_memory()": "out of memory",
    "too_large_files()": None,
    "too_many_processes()": "too many processes",
    "has_memory(1)": False,
}


def test_a_shortage_is_named_where_no_module_can_be_loaded() -> None:
    script = f"""
import sys
from sloth_tui.shortage import *
class Finder:
    def find_spec(*_):
        raise OSError(12, "Cannot allocate memory")
sys.meta_path[:] = [Finder]
print([{", ".join(SHORTAGES)}])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{list(SHORTAGES.values())}\n", "")


def find_program() -> str:
    import sloth_tui

    assert sloth_tui.__file__ is not None
    return sloth_tui.__file__


def test_little_memory_for_a_run_is_named(file: Path) -> None:
    done = limited("v 24000", f"run {file}")
    assert done.code == 1
    assert "out of memory (limit 24000 KiB): raise it with ulimit -v\n" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("blocks", [0, 8])
def test_a_limit_for_files_is_named(file: Path, blocks: int) -> None:
    limit = f"files must not grow beyond {blocks} KiB: raise that limit with ulimit -f"
    for command in ("state set k 2", "state increment n", "lock acquire l --holder h --ttl 5"):
        done = limited(f"f {blocks}", command)
        assert (done.code, done.out) in [(7, ""), (8, "")], done
        error, hint = done.err.splitlines()
        assert error.startswith("error: ")
        assert hint.startswith("hint: ")
        assert limit in hint
    done = limited(f"f {blocks}", f"run {file}")
    assert done.code == 20
    assert limit in done.out
    assert limited("f unlimited", "state get k") == (0, "v\n", "")


USER = 54323
"""A user id without an account and without processes."""


@pytest.fixture(scope="module")
def readable() -> Iterator[tuple[str, Path]]:
    with readable_program() as found:
        yield found


@pytest.mark.parametrize("processes", sweep(range(6), [0, 1, 3]))
def test_few_processes_for_a_run_are_named(
    readable: tuple[str, Path], processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, directory = readable
    (directory / "tasks.lua").write_text('task({name = "a", run = function() cmd("true") end})')
    monkeypatch.setenv("PYTHONPATH", str(directory))
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(directory / "base"))
    (directory / "base").mkdir(mode=0o700, exist_ok=True)
    os.chown(directory / "base", USER, USER)
    text = f"ulimit -u {processes}; exec {python} -m sloth_tui run tasks.lua"
    done = subprocess.run(
        [*as_user(USER), BASH, "-c", text],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=A_MINUTE,
    )
    words = f"too many processes (limit {processes}): raise it with ulimit -u\n"
    assert is_named(Ended(done.returncode, done.stdout, done.stderr), words), done


# In a terminal


def shown_at_the_end(directory: Path, limit: str) -> tuple[str, list[str]]:
    """Exit code of the terminal UI under a limit, and what is on the screen afterwards. It is left by ``q``
    once it has drawn an agent."""
    directory = directory / limit.replace(" ", "-")  # a server of tmux that is ending refuses another session
    directory.mkdir()
    code = directory / "code"
    text = f"(ulimit -{limit}; exec {sys.executable} -m sloth_tui tui); echo $? > {code}; exec sleep 1000"
    with Tmux(directory, [BASH, "-c", text]) as terminal:

        def left() -> bool:
            if code.exists() and code.read_text():
                return True
            if any("Agents" in line for line in terminal.screen()):
                terminal.type("q")
            return False

        wait_until(left, what=f"the end under ulimit -{limit}")
        screen = [line for line in terminal.screen() if line.strip("q ")]
    return code.read_text().strip(), screen


@needs_tmux
@pytest.mark.timeout(600)
def test_few_open_files_for_the_screen_are_named(file: Path, tmp_path: Path) -> None:
    codes = set()
    for files in sweep(range(5, 41), (5, 9, 13, 20, 40)):
        code, screen = shown_at_the_end(tmp_path, f"n {files}")
        words = f"error: too many open files (limit {files}): raise it with ulimit -n"
        assert (code, screen) in [("0", []), ("1", [words])], files
        codes.add(code)
    assert codes == {"0", "1"}


@needs_tmux
@pytest.mark.timeout(900)
def test_little_memory_for_the_screen_is_named(file: Path, tmp_path: Path) -> None:
    codes = set()
    for limit in sweep(
        [*range(20_000, 150_000, 6_000), 170_000, 200_000, 230_000], (38_000, 80_000, 128_000)
    ):
        code, screen = shown_at_the_end(tmp_path, f"v {limit}")
        said = [line.partition(" (")[0] for line in screen]
        assert (code, said) in [("0", []), ("1", ["error: out of memory"])], (limit, screen)
        codes.add(code)
    assert "1" in codes
