"""What holds for every example: it runs as it stands, and a second time changes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner import examples
from tests.examples.conftest import newest_revision

if TYPE_CHECKING:
    from tests.examples.conftest import Machine

DOCUMENT = (Path(__file__).parent.parent / "data" / "state-management.md").read_text()

SECTIONS = {
    "basic-state": "Basic State Operations",
    "locks": "State Locks",
    "with-lock": "Using With Lock Helper",
    "idempotency": "Implementing Idempotency",
    "config-file": "Configuration File Management",
    "multi-resource": "Multi-Resource Tracking",
    "cross-agent": "Cross-Agent State Sharing",
    "conditionals": "State-Based Conditionals",
    "versioned": "Versioned State",
    "cleanup": "State Cleanup",
}
"""Examples that are those of the document, by its headings."""
OTHERS = ("deploy", "config-fleet", "nightly-cleanup", "web-server", "rolling-deploy")

WORDS = {"web-server": ["--set", "root=root"]}
"""Words with which examples leave the files of this machine alone."""

WRITE_EACH_TIME = {
    "with-lock": ["deployment:status", "deployment:status"],
    "versioned": ["config:version", "config:v2", "config:current"],
}
"""Examples whose point it is to write in every run, and what the second one changes."""

CALLS = {
    "idempotency": ["apt-get install -y nginx"],
    "multi-resource": ["useradd www-data", "mkdir -p /var/www", "systemctl enable nginx"],
    "web-server": [
        "apt-get install -y nginx",
        "useradd -d /nonexistent -s /usr/sbin/nologin -c serves localhost -r -M website",
        "systemctl start nginx",
        "systemctl enable nginx",
    ],
}
"""Examples that change the machine, and by which commands."""

MADE_RUNNABLE = {
    'local config_file = "/etc/app/config.ini"': (
        'local config_file = values.config_file or "./sloth-example.ini"'
    ),
}
"""Lines of the document that need another machine, and what stands in their place."""


def test_there_is_an_example_for_every_section_and_nothing_unknown() -> None:
    parts = re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)
    (using,) = (part for part in parts if part.startswith("Using State in Tasks"))
    (advanced,) = (part for part in parts if part.startswith("Advanced Patterns"))
    headings = re.findall(r"^### (.+)$", using + advanced, re.MULTILINE)
    assert sorted(SECTIONS.values()) == sorted(headings)
    assert set(examples.names()) == {*SECTIONS, *OTHERS}


@pytest.mark.parametrize(("name", "heading"), SECTIONS.items())
def test_it_is_the_code_of_the_document(name: str, heading: str) -> None:
    found = re.search(rf"^### {heading}\n.*?^```lua\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found
    code = "\n".join(line.rstrip() for line in found[1].splitlines())
    for printed, runnable in MADE_RUNNABLE.items():
        code = code.replace(printed, runnable)
    assert examples.source(name).endswith("\n\n" + code + "\n")


@pytest.mark.parametrize("name", [*SECTIONS, *OTHERS])
def test_it_says_what_it_shows_and_how_to_run_it(name: str) -> None:
    assert 20 < len(examples.summary(name)) < 70
    assert f"sloth-runner run --example {name}" in examples.source(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SECTIONS, *OTHERS])
def test_the_second_run_has_nothing_to_do(name: str, machine: Machine) -> None:
    machine.succeed(name, *WORDS.get(name, []))
    assert machine.calls == CALLS.get(name, [])
    files, revision = machine.files(), newest_revision()
    told = machine.succeed(name, *WORDS.get(name, []))
    changed = re.findall(r"^  changed (\S+): ", told, re.MULTILINE)
    assert changed == WRITE_EACH_TIME.get(name, [])
    assert newest_revision() == revision + len(changed)
    assert machine.calls == CALLS.get(name, [])
    assert machine.files() == files
