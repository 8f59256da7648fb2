"""When the terminal UI opens, and for whom; the UI itself is tested elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

import sloth_tui.tui
from tests.cli.support import on_terminal, piped


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, bool]]:
    """The arguments that the UI was opened with."""
    calls: list[tuple[str | None, bool]] = []

    def run_app(agent: str | None, read_only: bool = False) -> int:
        calls.append((agent, read_only))
        return 0

    monkeypatch.setattr(sloth_tui.tui, "run_app", run_app)
    monkeypatch.setenv("TERM", "xterm-256color")
    return calls


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", (None, False)),
        ("-a production", ("production", False)),
        ("--agent=production --debug", ("production", False)),
        ("tui", (None, False)),
        ("tui --read-only", (None, True)),
        ("tui -a production --read-only", ("production", True)),
        ("--agent production tui", ("production", False)),
        ("--read-only", (None, True)),
        ("--read-only -a production", ("production", True)),
        ("-a production --read-only", ("production", True)),
        ("--agent=production --read-only --debug", ("production", True)),
        ("--debug --read-only --agent production", ("production", True)),
        ("-aproduction", ("production", False)),
        ("-aproduction --read-only", ("production", True)),
    ],
)
def test_it_opens_on_a_terminal(
    words: str, expected: tuple[str | None, bool], opened: list[tuple[str | None, bool]]
) -> None:
    assert on_terminal(*words.split()).code == 0
    assert opened == [expected]


def test_it_follows_the_environment(
    opened: list[tuple[str | None, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_AGENT", "staging")
    assert on_terminal().code == 0
    assert opened == [("staging", False)]


@pytest.mark.parametrize("words", [[], ["-a", "production"], ["tui"]])
def test_without_a_terminal_it_is_a_usage_error(
    words: list[str], opened: list[tuple[str | None, bool]]
) -> None:
    result = piped(*words)
    assert (result.code, result.out, opened) == (2, "", [])
    assert result.err.startswith("error: " if words == ["tui"] else "usage: sloth-runner ")


def test_an_impossible_agent_opens_nothing(opened: list[tuple[str | None, bool]]) -> None:
    assert on_terminal("-a", "../x").code == 2
    assert on_terminal("tui", "-a", "../x").code == 2
    assert opened == []


@pytest.mark.parametrize("kind", [None, "", "dumb", "unknown"])
@pytest.mark.parametrize("words", [[], ["--read-only"], ["-a", "production"], ["tui"]])
def test_a_terminal_that_cannot_be_drawn_on_is_a_usage_error(
    words: list[str],
    kind: str | None,
    opened: list[tuple[str | None, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kind is None:
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", kind)
    result = on_terminal(*words)
    usage = "" if words == ["tui"] else "usage: sloth-runner [--agent NAME] [--store ADDRESS] COMMAND ...\n"
    assert (result.code, result.out, opened) == (2, "", [])
    assert result.err == (
        f"{usage}error: the terminal UI needs a terminal that can move its cursor;"
        f" this has {f'TERM={kind}' if kind else 'no TERM'}\n"
        "hint: for scripts there are sloth-runner state --help and others\n"
    )


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--read-onyl", "'--read-onyl' is not an option of sloth-runner", "see sloth-runner --help"),
        (
            "--read-only --agnet x",
            "unrecognized arguments: --agnet",
            "did you mean --agent? see sloth-runner tui --help",
        ),
        ("--read-only state list", "unrecognized arguments: state list", "see sloth-runner tui --help"),
        (
            "state --read-only",
            "'--read-only' is not an option of sloth-runner state",
            "see sloth-runner state --help",
        ),
        ("--read-only=1", "--read-only: ignored explicit argument '1'", "see sloth-runner tui --help"),
    ],
)
def test_what_is_no_option_of_it_opens_nothing(
    words: str, message: str, hint: str, opened: list[tuple[str | None, bool]]
) -> None:
    result = on_terminal(*words.split())
    assert (result.code, result.out, opened) == (2, "", [])
    assert result.err == f"error: {message}\nhint: {hint}\n"


def test_its_help_is_there_without_a_command_too(opened: list[tuple[str | None, bool]]) -> None:
    assert "--read-only" in on_terminal("--help").out
    result = on_terminal("--read-only", "--help")
    assert (result.code, result.err, opened) == (0, "", [])
    assert result.out == on_terminal("tui", "--help").out


@pytest.mark.parametrize("words", ["", "--read-only", "-a local", "tui --read-only"])
def test_nothing_is_drawn_where_nobody_would_see_it(words: str, tmp_path: Path) -> None:
    """The screen goes to stderr: away from a terminal it would fill a file."""
    log = tmp_path / "log"
    program = f"exec {sys.executable} -m sloth_tui {words} 2>{log}"
    process = pexpect.spawn("/bin/sh", ["-c", program], env={**os.environ, "TERM": "xterm"}, timeout=60)
    process.expect(pexpect.EOF)
    process.wait()
    assert process.exitstatus == 2
    assert not process.before
    assert b"\x1b" not in log.read_bytes()
    assert log.read_bytes().startswith(b"error: " if "tui" in words else b"usage: ")


@pytest.mark.slow
def test_the_other_name_of_the_program_is_the_same(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("sloth-tui")
    process = pexpect.spawn(
        str(program), ["--read-only"], env={**os.environ, "TERM": "xterm"}, timeout=60, dimensions=(30, 100)
    )
    process.expect_exact("read-only")
    process.send("q")
    process.expect(pexpect.EOF)
    process.wait()
    assert process.exitstatus == 0
    process = pexpect.spawn(str(program), ["--read-only"], env={**os.environ, "TERM": "dumb"}, timeout=60)
    process.expect(pexpect.EOF)
    process.wait()
    assert process.exitstatus == 2
    assert b"\x1b" not in (process.before or b"")
