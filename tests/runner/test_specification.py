"""The document's own examples, taken from the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.runner.support import DATA, run_text, stored

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (DATA / "state-management.md").read_text()
BLOCKS = re.findall(r"^```lua\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
OTHER_MODULES = re.compile(r"\b(cmd|file|template|crypto)\b[.(]")
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


def test_state_cleanup(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({f"temporary:{number}": number for number in range(250)} | {"kept": "yes"})
    told = run_text(tmp_path, block("cleanup-old-state"))
    assert told.end.exit_code == 0
    assert stored() == {"kept": "yes"}
    assert len(told.changes) == 250


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda text: text.strip().splitlines()[-1][:40])
def test_fragments_run_inside_a_task(tmp_path: Path, fragment: str) -> None:
    held = 'state.lock("deployment", "task-123", 60)\n' if "state.unlock" in fragment else ""
    body = f'local checksum = "0"\n{held}{fragment}'
    told = run_text(tmp_path, f'task({{name = "fragment", run = function()\n{body}\nend}})')
    assert told.end.exit_code == 0, told.errors


def test_the_lock_fragment_says_who_holds_it(tmp_path: Path) -> None:
    (fragment,) = (text for text in FRAGMENTS if "is_locked" in text)
    with open_store("local", "write") as store:
        store.acquire("deployment", "somebody", 60.0)
    told = run_text(tmp_path, f'task({{name = "fragment", run = function()\n{fragment}\nend}})')
    assert told.lines == ["Locked by: somebody"]
