"""The commands that the manual shows do what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runs.model import Run
from sloth_tui.settings import load_settings
from sloth_tui.settings_commands import read_commands
from sloth_tui.store import open_store
from sloth_tui.tui.services.commands.handing import Chosen, chosen_keys, chosen_lock, chosen_run, hand_over
from tests.docs import TEXTS, blocks, run_shell
from tests.tui.services.commands.support import commands, ended, printed

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.settings_commands import OwnCommand

pytestmark = pytest.mark.slow

RUN = Run("0123456789ab", "", "local", None, False, (), "run x", "", "/", 0.0, result="done")
EXAMPLES = blocks(TEXTS["docs/own-commands.md"], "toml")
TOLD = {
    "diff": ["12 -> 13"],
    "publish": ["2 copied"],
    "bump": ["18"],
    "less": ["13"],
    "sizes": ["2 a count", "1 b"],
    "holder": ["deploy is held by me, token 1", "PID"],
    "save": ["local"],
    "blame": ["first"],
}
"""Command -> what is printed, among other things."""


@pytest.fixture
def chosen(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Chosen]:
    """What each kind of command acts on."""
    run_shell("true", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / '.bin'}{os.pathsep}{os.environ['PATH']}")
    with open_store("local", "write") as store:
        store.set("a count", 12)
        store.set("a count", 13)
        store.set("b", 5)
        lock = store.acquire("deploy", "me", 600)
    file = tmp_path / "-deploy.lua"
    file.write_text("")
    return {
        "keys": chosen_keys(["a count", "b"]),
        "key": chosen_keys(["a count"]),
        "lock": chosen_lock(lock, None),
        "agent": Chosen(("local",), {}),
        "run": chosen_run(RUN._replace(file=str(file))),
    }


def commit(directory: Path) -> None:
    for words in (["init", "-q"], ["add", "--", "./-deploy.lua"], ["commit", "-qm", "first"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=directory, check=True
        )


@pytest.mark.parametrize("name", TOLD)
def test_an_example_of_the_manual(name: str, chosen: dict[str, Chosen], base: Path, tmp_path: Path) -> None:
    (base / "config.toml").write_text("".join(block.text for block in EXAMPLES))
    command: OwnCommand = {one.name: one for one in read_commands(load_settings())}[name]
    program = {"blame": "git", "less": "less", "holder": "ps"}.get(name)
    if program is not None and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if name == "blame":
        commit(tmp_path)
    handed = hand_over(
        command,
        chosen["keys" if name in ("publish", "sizes") else command.on],
        agent="local",
        store=None,
        answer="5" if command.ask else None,
        value=b"13" if command.stdin == "value" else None,
    )
    ran = ended(commands().start(handed))
    text = "\n".join(printed(ran))
    assert ran.exit_code == 0, text
    for told in TOLD[name]:
        assert told in text


def test_every_example_is_tried() -> None:
    assert sorted(TOLD) == sorted(
        line.removeprefix("[commands.").rstrip("]")
        for block in EXAMPLES
        for line in block.text.splitlines()
        if line.startswith("[commands.")
    )
