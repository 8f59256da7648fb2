"""``sloth-runner hosts --check`` on terminals of several widths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts import reachability
from tests.cli.support import final_screen, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[agents.web1]
ssh = "deploy@web1.example.com"
become = true
[agents.database-primary]
ssh = "postgres@db.internal.example.com"
[groups]
all = ["web1", "database-primary"]
"""
PROBLEM = "cannot reach 'database-primary': Could not resolve hostname db.internal.example.com"


@pytest.mark.parametrize("columns", [60, 80, 120], ids=str)
def test_every_terminal_shows_who_answers_and_the_whole_problem(
    columns: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", str(columns))
    (tmp_path / "config.toml").write_text(CONFIG)
    answers = [
        reachability.Reachability("database-primary", False, PROBLEM, "ask for its name"),
        reachability.Reachability("web1", True, None, None),
    ]
    monkeypatch.setattr(reachability, "ask_all", lambda names, settings: answers)
    done = on_terminal("hosts", "--check", columns=columns)
    lines = [line.rstrip() for line in final_screen(done.stdout, columns=200).splitlines() if line.strip()]
    assert lines[0].split()[:3] == ["HOST", "ANSWERS", "SSH"]
    assert [line.split()[:2] for line in lines[2:4]] == [["database-primary", "no"], ["web1", "yes"]]
    assert lines[4:] == [PROBLEM, "  hint: ask for its name"]
    assert done.code == 20
