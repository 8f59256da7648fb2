"""What a host spares, asked of the functions alone in each shell: nothing is removed whatever they answer."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts.ssh import remote_shell
from tests.runner.hosts.ssh.shells import SHELLS

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
here=$PWD; nonce=x
. "$1"
shift
for path do check_removable "$path" || echo ' refused'; done
"""
SPARED = {
    "/": "'/' is the root directory",
    "/usr/..": "'/usr/..' is the root directory",
    "./l/.": "'./l/.' is the root directory",
    "./l/usr/..": "'./l/usr/..' is the root directory",
    "/none/..": "'/none/..' is the root directory",
    ".": "'.' is the working directory",
    "./h/..": "'./h/..' is the working directory",
    "./none/..": "'./none/..' is the working directory",
    "./..": "'./..' contains the working directory",
    "./h": "'./h' contains the home directory",
    "./h/home": "'./h/home' is the home directory",
    "./none/../h": "'./none/../h' contains the home directory",
    "/proc": "'/proc' is a mount point",
    # HOME is set to another directory by now.
    (HOME := pwd.getpwuid(os.getuid()).pw_dir): f"'{HOME}' is the home directory",
    "./l/proc": "'./l/proc' is a mount point",
}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.split()[0])
def test_a_slip_of_the_pen_is_refused_in_every_shell(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"there is no {shell}")
    work = tmp_path / "work"
    (work / "h" / "home").mkdir(parents=True)
    (work / "l").symlink_to("/")
    (work / "circle").symlink_to("circle")
    functions = os.path.join(os.path.dirname(remote_shell.__file__), "remote_files.sh")

    def ask(*paths: str) -> list[str]:
        command = [*shell.split(), "-c", ASK, "sh", functions, *paths]
        env = {**os.environ, "HOME": str(work / "h" / "home"), "LC_ALL": "C"}
        done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.splitlines()

    told = [line for why in SPARED.values() for line in (f"{why}, which is not removed", " refused")]
    assert ask(*SPARED) == told
    assert ask("./circle/..") == ["'./circle/..': Too many levels of symbolic links", " refused"]
    assert ask("./l", "./circle", "./h/home/x", "./none/x", "./none/../x") == []
