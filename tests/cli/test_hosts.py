"""``sloth-runner hosts``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ssh import needs_sshd, server, shared_server, stale_files
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ssh import Server

__all__ = ["server", "shared_server"]

CONFIG = """
[agents.one]
ssh = "web1"
become = "daemon"
cwd = "/tmp"
env = { A = "secret" }
[agents.two]
ssh = "web2"
[groups]
all = ["two", "one", "web1"]
"""


def hosts(base: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "sloth_tui", "hosts", *arguments], capture_output=True, text=True, timeout=100
    )


def test_they_are_listed_with_their_groups(base: Path) -> None:
    done = hosts(base, CONFIG)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "one\tweb1\tdaemon\tall\ntwo\tweb2\t\tall\nweb1\tweb1\t\tall\n"
    assert hosts(base, CONFIG, "-o", "keys").stdout == "one\ntwo\nweb1\n"
    record = json.loads(hosts(base, CONFIG, "-o", "json").stdout)[0]
    assert record == {
        "name": "one",
        "ssh": "web1",
        "become": "daemon",
        "cwd": "/tmp",
        "env": ["A"],
        "groups": ["all"],
        "answers": None,
        "problem": None,
        "hint": None,
    }


def test_without_any_there_is_nothing_to_list(base: Path) -> None:
    done = hosts(base, "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
@needs_sshd
def test_each_says_whether_it_answers(server: Server, base: Path) -> None:
    done = hosts(
        base,
        '[agents.web1]\n[agents.b]\nssh = "web2"\ncwd = "/none"\n[agents.c]\nssh = "x.invalid"\n',
        "--check",
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[4] for line in lines] == ["no", "no", "yes"]
    assert lines[0][5] == "'b': cwd '/none' is not a directory"
    assert lines[1][5].startswith("cannot reach 'c': Could not resolve hostname x.invalid: ")
    assert (done.returncode, done.stderr) == (20, "")


@pytest.mark.slow
@needs_sshd
def test_if_all_answer_the_exit_code_is_0_and_nothing_is_left(server: Server, base: Path) -> None:
    done = hosts(base, "[agents.web1]\n[agents.web2]\n", "--check", "-o", "json")
    assert [(each["name"], each["answers"]) for each in json.loads(done.stdout)] == [
        ("web1", True),
        ("web2", True),
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert wait_until(lambda: not stale_files())
