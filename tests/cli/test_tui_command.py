"""When the terminal UI opens, and for whom; the UI itself is tested elsewhere."""

from __future__ import annotations

import pytest

import sloth_tui.tui
from tests.cli.support import on_terminal, piped


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, bool]]:
    """What the UI was opened with."""
    calls: list[tuple[str | None, bool]] = []

    def run_app(agent: str | None, read_only: bool = False) -> int:
        calls.append((agent, read_only))
        return 0

    monkeypatch.setattr(sloth_tui.tui, "run_app", run_app)
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
