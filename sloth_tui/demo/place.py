"""The directories of the sample: a base directory, task files, and hosts that are directories."""

from __future__ import annotations

import os
import shutil
import sys

_FILES = os.path.join(os.path.dirname(__file__), "files")
HOSTS = ("web1", "web2")


def make_place(directory: str) -> str:
    """Put task files, a configuration and hosts into ``directory``; return the directory of the task files.

    From then on this process has its base directory there, ``ssh`` reaches these hosts alone, and
    ``sloth-runner`` is this program.
    """
    tasks, programs, base = (os.path.join(directory, name) for name in ("tasks", "bin", ".sloth-runner"))
    for name in ("tasks", "bin"):
        shutil.copytree(os.path.join(_FILES, name), os.path.join(directory, name))
    os.chmod(os.path.join(programs, "ssh"), 0o700)
    _add_program(os.path.join(programs, "sloth-runner"))
    for host in HOSTS:
        os.makedirs(os.path.join(directory, "hosts", host))
    os.makedirs(base, mode=0o700, exist_ok=True)
    shutil.copyfile(os.path.join(_FILES, "config.toml"), os.path.join(base, "config.toml"))
    os.environ["SLOTH_RUNNER_HOME"] = base
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return tasks


def _add_program(path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec "{sys.executable}" -m sloth_tui "$@"\n')
    os.chmod(path, 0o700)
