"""Runs on S3: the document's tasks, and check mode."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_copy, open_store
from tests.cli.support import piped
from tests.runner.support import run_text, stored
from tests.runner.test_specification import FILES
from tests.servers.s3 import path_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket

pytestmark = pytest.mark.slow

WRITTEN_EACH_TIME = ["deployment:status"] * 3 + ["config:version", "config:v2", "config:current"]
"""What those of the document's tasks whose point it is to write in every run change in the second."""


@pytest.fixture(autouse=True)
def chosen(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SLOTH_RUNNER_STORE", address)
    return address


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the tasks did to the machine, instead of which its programs only note it."""
    log = tmp_path / "calls"
    log.touch()
    (tmp_path / "bin").mkdir()
    for name in ("apt-get", "useradd", "mkdir", "systemctl"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{log}"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return log


@pytest.mark.timeout(300)
def test_all_tasks_of_the_document_and_the_second_run_changes_nothing(
    tmp_path: Path, calls: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'config_content = "a = 1"\n' + "\n".join(FILES.values())
    assert text.count("task({") == 11
    target = tmp_path / "config.ini"
    # The one change to the document: tests do not write to this machine's /etc.
    text = text.replace("/etc/app/config.ini", str(target))
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "config.ini.tmpl").write_text("[app]\nport = {{ port }}\n")
    monkeypatch.chdir(tmp_path)
    with open_store("local", "write") as store:
        store.set_many({f"temporary:{number}": number for number in range(20)})
    first = run_text(tmp_path, text, values={"port": 80})
    assert (first.end.exit_code, first.errors, len(first.order)) == (0, {}, 11)
    assert [key for key, _, new in first.changes if new is None and key.startswith("temporary:")] != []
    done, made = calls.read_text(), stored()
    assert done.splitlines() == [
        "apt-get install -y nginx",
        "useradd www-data",
        "mkdir -p /var/www",
        "systemctl enable nginx",
    ]
    assert made.keys() == {
        *("deployment:version", "deployment:status", "deployment:replicas", "cluster:leader"),
        *("package:installed:nginx", "user:www-data", "dir:/var/www", "service:nginx"),
        *(f"config:hash:{target}", "config:version", "config:v1", "config:current"),
    }
    second = run_text(tmp_path, text, values={"port": 80})
    assert (second.end.exit_code, second.errors) == (0, {})
    assert [key for key, _, _ in second.changes] == WRITTEN_EACH_TIME
    assert calls.read_text() == done
    assert stored() == made | {"config:version": 2, "config:v2": "a = 1", "config:current": "2"}
    with open_store("local") as store:
        assert store.locks() == []
        assert [found.origin is not None and found.origin.run is not None for found in store.change_sets()][
            :2
        ] == [True, True]
    assert not (base / "state").exists()


def test_a_check_changes_a_copy(tmp_path: Path, chosen: str, server: Bucket) -> None:
    with open_store("local", "write") as store:
        store.set("size", 3)
        store.acquire("deploy", "ann", 600)
    before = server.get(path_in(chosen, "local.db"))
    file = tmp_path / "tasks.lua"
    file.write_text(
        'task({name = "t", run = function()\n'
        '  state.increment("size")\n  print(state.is_locked("deploy"))\nend})\n'
    )
    done = piped("run", str(file), "--check")
    assert (done.code, done.err) == (10, "")
    assert re.search(r"size: 3 -> 4|size.*3.*4", done.out)
    assert "true\tann" in done.out
    assert server.get(path_in(chosen, "local.db")) == before
    assert piped("drift", str(file)).code == 10


def test_a_copy_holds_what_the_store_does_and_is_lost(chosen: str, server: Bucket) -> None:
    with open_store("web", "write") as store:
        store.set_many({"b": b"\x00\xff", "f": 0.5, "i": -(2**63), "t": {"x": [1, None]}, "y": True})
        held = dict(store.items())
    paths = server.paths(path_in(chosen))
    with open_copy("web") as copy:
        assert dict(copy.items()) == held
        copy.set("more", 1)
    with open_copy("nobody") as copy:
        assert copy.count() == 0
        copy.set("more", 1)
    assert server.paths(path_in(chosen)) == paths
    with open_store("web") as store:
        assert dict(store.items()) == held
