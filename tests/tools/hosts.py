"""Two hosts behind the tests' sshd, each with the tools of a machine of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.tools import Machine

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = ("web1", "web2")


def make_hosts(base: Path, directory: Path) -> dict[str, Machine]:
    """Write config.toml for ``web1`` and ``web2``: their commands find the tools of a machine each. Needs the
    fixture ``server``."""
    machines = {name: Machine(directory / name) for name in HOSTS}
    base.mkdir(exist_ok=True)
    with open(base / "config.toml", "a") as settings:
        for name, machine in machines.items():
            machine.add("nginx", "exit 0")
            path = f"{machine.bin}:{os.environ['PATH']}"
            settings.write(f'[agents.{name}]\nenv = {{ PATH = "{path}" }}\n')
    return machines
