"""Try an installed sloth-runner from outside, in an empty home: ``python tools/smoke.py BIN VERSION``.

BIN is the directory of the two commands. Needs nothing but the standard library. Exits 1 at the first
command that does not do what it should, and says which.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TASK = """task({name = "install", run = function()
  if state.exists("installed") then print("already there") return end
  cmd("true")
  state.set("installed", values.version)
  print("installed")
end})
"""

DELEGATED = """task({name = "there", delegate_to = "far", run = function()
  print(cmd({command = "echo by ssh", changed = false}).stdout)
  print(file.write({path = "there", content = "x", backup = true}).changed)
  print(file.tree({src = "tree", dest = "copied"}).files[1], run.host)
end})
"""
SSH = """#!/bin/sh
# Stands in for ssh: the other host is this machine.
case " $* " in
*' -G '*) exit 0 ;;
*' -O '*) exit 255 ;;
esac
for last do :; done
exec /bin/sh -c "$last"
"""


class Smoke:
    """Runs the commands of one installation."""

    def __init__(self, bin_directory: Path, home: Path) -> None:
        self._bin = bin_directory
        self._home = home
        self._env = {"PATH": f"{home}/bin:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}

    def check(
        self, *words: str, code: int = 0, stdout: str | None = None, program: str = "sloth-runner"
    ) -> str:
        """Run a command without a terminal; exit in words unless it ends as expected. Returns its stdout."""
        done = subprocess.run(
            [self._bin / program, *words],
            env=self._env,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        shown = " ".join([program, *words])
        if done.returncode != code or (stdout is not None and done.stdout != stdout):
            sys.exit(f"error: {shown}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        print(f"ok: {shown}")
        return done.stdout


def main(bin_directory: Path, version: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        smoke = Smoke(bin_directory, home)
        smoke.check("--version", stdout=f"sloth-runner {version}\n")
        smoke.check("state", "list", "-o", "json", stdout="{}\n")
        smoke.check("state", "set", "deployment:version", "v1")
        smoke.check("state", "get", "deployment:version", stdout="v1\n")
        smoke.check("state", "get", "absent", code=3, stdout="")
        smoke.check("state", "increment", "count", "41", stdout="41\n")
        smoke.check("state", "undo")
        listed = json.loads(smoke.check("state", "list", "-o", "json"))
        if listed != {"deployment:version": "v1"}:
            sys.exit(f"error: state list -o json: {listed}")
        (home / "install.lua").write_text(TASK)
        for _ in range(2):
            smoke.check("run", "install.lua", "--set", "version=v2")
        smoke.check("state", "get", "installed", stdout="v2\n")
        smoke.check("run", "--example", "deploy")
        delegate(smoke, home)
        smoke.check("lock", "acquire", "deploy", "--holder", "smoke", "--ttl", "30", stdout=None)
        smoke.check("lock", "release", "deploy", "--holder", "smoke")
        smoke.check("completion", "bash")
        smoke.check("tui", code=2, program="sloth-runner")
        smoke.check("web", code=1)
        subprocess.run([bin_directory / "python", "-c", "import sloth_tui.tui.app"], check=True, cwd=home)
        print("ok: import of the terminal UI")


def delegate(smoke: Smoke, home: Path) -> None:
    """Let a task act by ssh, which needs files of the package that are no Python."""
    (home / "bin").mkdir()
    (home / "bin" / "ssh").write_text(SSH)
    (home / "bin" / "ssh").chmod(0o755)
    (home / "tree").mkdir()
    (home / "tree" / "file").write_text("x")
    (home / "delegated.lua").write_text(DELEGATED)
    told = smoke.check("run", "delegated.lua")
    missing = [words for words in ("by ssh", "true", "file\tfar") if words not in told]
    if missing or (home / "copied" / "file").read_text() != "x":
        sys.exit(f"error: run delegated.lua: {missing} is not in\n{told}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2])
