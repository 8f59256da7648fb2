"""The document's own examples, taken from the document."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.runner.support import DATA, run_text, stored

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (DATA / "state-management.md").read_text()
BLOCKS = re.findall(r"^```lua\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
FILES: dict[str, str] = {
    found[1]: block for block in BLOCKS if (found := re.search(r'name = "([\w-]+)"', block))
}
FRAGMENTS = [block for block in BLOCKS if "task({" not in block and "..." not in block]


def block(name: str) -> str:
    return FILES[name]


def test_the_document_has_the_examples_these_tests_are_about() -> None:
    assert len(BLOCKS) >= 24
    assert {"track-deployment", "critical-update", "safe-update", "leader-election"} <= set(FILES)


def test_basic_state_operations(tmp_path: Path) -> None:
    told = run_text(tmp_path, block("track-deployment"))
    assert told.end.exit_code == 0
    assert told.lines == ["Current version: v1.2.3"]
    assert told.changes == [("deployment:version", None, "v1.2.3")]


def test_state_locks(tmp_path: Path) -> None:
    told = run_text(tmp_path, block("critical-update"))
    assert told.end.exit_code == 0
    assert stored() == {"deployment:status": "in-progress"}
    with open_store("local") as store:
        assert store.locks() == []


@pytest.mark.slow
def test_state_locks_second_run_finds_the_lock_free(tmp_path: Path) -> None:
    run_text(tmp_path, block("critical-update"))
    assert run_text(tmp_path, block("critical-update")).end.exit_code == 0


def test_with_lock_helper(tmp_path: Path) -> None:
    told = run_text(tmp_path, block("safe-update"))
    assert told.changes == [
        ("deployment:status", None, "updating"),
        ("deployment:status", "updating", "complete"),
    ]
    with open_store("local") as store:
        assert store.locks() == []


def test_agents_share_the_state_of_the_run(tmp_path: Path) -> None:
    first = run_text(tmp_path, block("leader-election"))
    assert first.lines == ["Became cluster leader", "Current leader: agent1"]
    second = run_text(tmp_path, block("leader-election"))
    assert second.lines == ["Current leader: agent1"]
    assert second.changes == []


@pytest.mark.parametrize(("environment", "replicas"), [("production", "5"), (None, "1")])
def test_conditional_deployment(tmp_path: Path, environment: str | None, replicas: str) -> None:
    if environment is not None:
        with open_store("local", "write") as store:
            store.set("environment:type", environment)
    assert run_text(tmp_path, block("conditional-deployment")).end.exit_code == 0
    assert stored()["deployment:replicas"] == replicas


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that change the machine, replaced on PATH by ones that only note how they were called."""
    log = tmp_path / "calls"
    log.touch()
    (tmp_path / "bin").mkdir()
    for name in ("apt-get", "useradd", "mkdir", "systemctl"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{log}"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return log


@pytest.mark.parametrize("values", [{}, {"host": "localhost"}])
def test_idempotent_package(tmp_path: Path, calls: Path, values: dict[str, object]) -> None:
    first = run_text(tmp_path, block("install-package"), values=values)
    assert (first.end.exit_code, first.lines) == (0, ["Package nginx installed"])
    assert stored()["package:installed:nginx"].isdigit()  # type: ignore[union-attr]  # a string, as set
    second = run_text(tmp_path, block("install-package"), values=values)
    assert second.lines == ["Package nginx already installed (skipping)"]
    assert second.changes == []
    assert calls.read_text() == "apt-get install -y nginx\n"


def test_a_package_that_cannot_be_installed_is_not_tracked(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\necho no network >&2\nexit 100\n")
    told = run_text(tmp_path, block("install-package"))
    assert told.end.exit_code == 20
    assert told.errors["install-package"] == (
        "tasks.lua:14: cmd: 'apt-get install -y nginx' ended with exit code 100: no network"
    )
    assert stored() == {}


def test_configuration_file_management(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = block("update-config")
    assert '"/etc/app/config.ini"' in text
    target = tmp_path / "etc" / "app" / "config.ini"
    target.parent.mkdir(parents=True)
    # The one change to the example: tests do not write to this machine's /etc.
    text = text.replace("/etc/app/config.ini", str(target))
    template = tmp_path / "templates" / "config.ini.tmpl"
    template.parent.mkdir()
    template.write_text("[app]\nport = {{ port }}\n")
    monkeypatch.chdir(tmp_path)
    first = run_text(tmp_path, text, values={"port": 80})
    assert (first.end.exit_code, first.lines) == (0, ["Configuration updated"])
    assert target.read_text() == template.read_text()
    rendered = hashlib.sha256(b"[app]\nport = 80\n").hexdigest()
    assert stored() == {f"config:hash:{target}": rendered}
    target.unlink()
    second = run_text(tmp_path, text, values={"port": 80})
    assert second.lines == ["Configuration unchanged (skipping)"]
    assert (second.changes, target.exists()) == ([], False)
    third = run_text(tmp_path, text, values={"port": 81})
    assert third.lines == ["Configuration updated"]


def test_multi_resource_tracking(tmp_path: Path, calls: Path) -> None:
    first = run_text(tmp_path, block("setup-webserver"))
    assert first.end.exit_code == 0
    expected = {"user:www-data": "created", "dir:/var/www": "created", "service:nginx": "created"}
    assert stored() == expected
    commands = ["useradd www-data", "mkdir -p /var/www", "systemctl enable nginx"]
    assert calls.read_text().splitlines() == commands
    second = run_text(tmp_path, block("setup-webserver"))
    assert (second.end.exit_code, second.changes) == (0, [])
    assert calls.read_text().splitlines() == commands


def test_versioned_state(tmp_path: Path) -> None:
    text = 'config_content = "a = 1"\n' + block("versioned-config")
    for _ in range(2):
        assert run_text(tmp_path, text).end.exit_code == 0
    assert stored() == {
        "config:version": 2,
        "config:v1": "a = 1",
        "config:v2": "a = 1",
        "config:current": "2",
    }


def test_versioned_state_without_a_content_is_an_error_that_says_where(tmp_path: Path) -> None:
    told = run_text(tmp_path, block("versioned-config"))
    assert told.end.exit_code == 20
    assert told.errors["versioned-config"] == "tasks.lua:8: state.set: value must not be nil"


@pytest.mark.slow
def test_state_cleanup(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({f"temporary:{number}": number for number in range(250)} | {"kept": "yes"})
    told = run_text(tmp_path, block("cleanup-old-state"))
    assert told.end.exit_code == 0
    assert stored() == {"kept": "yes"}
    assert len(told.changes) == 250


def test_fragments_run_inside_a_task(tmp_path: Path) -> None:
    """Each in a task of its own; locks that one leaves are not the next one's trouble."""
    text = ""
    for number, fragment in enumerate(FRAGMENTS):
        held = 'state.lock("deployment", "task-123", 60)\n' if "state.unlock" in fragment else ""
        body = f'pcall(state.unlock, "deployment", "task-123")\nlocal checksum = "0"\n{held}{fragment}'
        text += f'task({{name = "{number}", run = function()\n{body}\nend}})\n'
    told = run_text(tmp_path, text, keep_going=True)
    assert len(told.order) == len(FRAGMENTS) >= 14
    assert told.errors == {}
    assert told.end.exit_code == 0


def test_the_lock_fragment_says_who_holds_it(tmp_path: Path) -> None:
    (fragment,) = (text for text in FRAGMENTS if "is_locked" in text)
    with open_store("local", "write") as store:
        store.acquire("deployment", "somebody", 60.0)
    told = run_text(tmp_path, f'task({{name = "fragment", run = function()\n{fragment}\nend}})')
    assert told.lines == ["Locked by: somebody"]
