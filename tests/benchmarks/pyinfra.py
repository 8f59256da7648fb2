"""pyinfra in an environment of its own: it is a peer, and no part of what is tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ssh import Server

_ENVIRONMENT = Path(__file__).parents[2] / ".bench" / "pyinfra"
_PROGRAM = _ENVIRONMENT / "bin" / "pyinfra"
_DEPLOY = """
from pyinfra.operations import files

for number in range({count}):
    files.put(src=f"{source}/{{number}}", dest=f"{dest}/{{number}}", mode="644")
"""
_INVENTORY = """
hosts = [("web1", {{
    "ssh_hostname": "127.0.0.1",
    "ssh_port": {port},
    "ssh_user": "{user}",
    "ssh_key": "{key}",
    "ssh_known_hosts_file": "{known_hosts}",
    "ssh_config_file": "/dev/null",
    "ssh_look_for_keys": False,
    "ssh_allow_agent": False,
}})]
"""


def install() -> str | None:
    """Install it unless it is there. Return why that failed, in one line; else None."""
    if _PROGRAM.exists():
        return None
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)],
        [str(_ENVIRONMENT / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "pyinfra"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            return said[-1] if said else f"exit code {done.returncode}"
    return None


def version() -> str:
    """Return its name and version."""
    done = subprocess.run([_PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip().replace(": v", " ")


def put_files(server: Server, directory: Path, source: Path, dest: Path, count: int) -> list[str]:
    """Return the command line that copies files, whose names are their numbers, to the server."""
    deploy, hosts = directory / "deploy.py", directory / "hosts.py"
    deploy.write_text(_DEPLOY.format(count=count, source=source, dest=dest))
    hosts.write_text(
        _INVENTORY.format(port=server.port, user=server.user, key=server.key, known_hosts=server.known_hosts)
    )
    return [str(_PROGRAM), "--yes", str(hosts), str(deploy)]
