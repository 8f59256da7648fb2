"""The tasks of the document on a store that several machines share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.runner.support import run_text, stored
from tests.runner.test_specification import FILES

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN_EACH_TIME = ["deployment:status"] * 3 + ["config:version", "config:v2", "config:current"]
"""What those of the document's tasks whose point it is to write in every run change in the second."""


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


def run_all_twice(tmp_path: Path, calls: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all tasks of the document in one file, twice: the second run changes only what each run writes."""
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
