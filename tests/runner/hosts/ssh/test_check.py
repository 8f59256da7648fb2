"""Check mode on a host behind a real sshd: what it predicts comes true, and it changes nothing there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.ssh import needs_sshd
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]
RUN = [sys.executable, "-m", "sloth_tui"]
ACTS = ("base64", "chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "rmdir", "tar", "touch")
"""Programs that a check has no use for."""


Told = dict[str, Any]
"""What is told of a resource."""


class Module(NamedTuple):
    """A call of a module, and what somebody does by hand that it puts right."""

    call: str
    spoil: Callable[[Path], object]
    what: list[str]
    """What differs after that."""


def _add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def relink(path: Path, to: str) -> None:
    path.unlink()
    path.symlink_to(to)


MODULES = {
    "copy": Module('file.copy{src="SRC", dest="ROOT/f"}', lambda root: _add(root / "f", "x"), ["content"]),
    "write": Module(
        'file.write{path="ROOT/f", content="a\\n", mode="0640"}',
        lambda root: (root / "f").chmod(0o600),
        ["mode 0600 -> 0640"],
    ),
    "owner": Module(
        'file.write{path="ROOT/f", content="a\\n", owner="daemon", group="daemon"}',
        lambda root: os.chown(root / "f", 0, 0),
        ["owner", "group"],
    ),
    "template": Module(
        'file.template{content="port = {{ p }}\\n", dest="ROOT/f", vars={p = 1}}',
        lambda root: (root / "f").write_text("port = 2\n"),
        ["content"],
    ),
    "line": Module(
        'file.line{path="ROOT/f", line="a = 1", match="^a =", create=true}',
        lambda root: (root / "f").write_text("a = 2\n"),
        ["content"],
    ),
    "block": Module(
        'file.block{path="ROOT/f", name="n", block="a\\nb\\n", create=true}',
        lambda root: (root / "f").write_text("# BEGIN n\nz\n# END n\n"),
        ["content"],
    ),
    "directory": Module(
        'file.directory{path="ROOT/d/e/f", mode="2750"}',
        lambda root: (root / "d/e/f").chmod(0o700),
        ["mode 0700 -> 2750"],
    ),
    "link": Module(
        'file.link{path="ROOT/l", to="nowhere"}',
        lambda root: relink(root / "l", "else"),
        ["target"],
    ),
    "absent": Module('file.absent{path="ROOT/there"}', lambda root: _add(root / "there", "x"), ["removed"]),
    "tree": Module(
        'file.tree{src="TREE", dest="ROOT/t"}',
        lambda root: (root / "t/sub/b").write_text("z"),
        ["content"],
    ),
    "chain": Module(
        'file.directory("ROOT/d") file.line{path="ROOT/d/f", line="a", create=true}'
        ' file.line{path="ROOT/d/f", line="b"} file.link{path="ROOT/l", to="d"}'
        ' assert(file.exists("ROOT/l/f"))',
        lambda root: (root / "d/f").write_text("a\n"),
        ["content"],
    ),
    # The last: after a command that was not run, what is missing may be there.
    "cmd": Module('cmd{command="echo x >ROOT/f", creates="ROOT/f"}', lambda root: (root / "f").unlink(), []),
}


@pytest.fixture
def acts(server: Server, tmp_path: Path) -> Iterator[Path]:
    """A file to which the other host writes the names of programs that change something."""
    log, programs = tmp_path / "acts", tmp_path / "programs"
    programs.mkdir()
    for name in ACTS:
        (programs / name).write_text(f'#!/bin/sh\necho {name} >>{log}\nexec {shutil.which(name)} "$@"\n')
        (programs / name).chmod(0o755)
    login = tmp_path / "login"
    login.write_text(f'#!/bin/sh\nPATH={programs}:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    login.chmod(0o755)
    keys = server.directory / "authorized_keys"
    before = keys.read_text()
    keys.write_text(f'command="{login}" {before}')
    log.write_text("")
    yield log
    keys.write_text(before)


def snapshot(root: Path) -> dict[str, object]:
    """What is below a directory, with all that writing would move."""
    found: dict[str, object] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (*status[:7], status.st_mtime_ns, status.st_ctime_ns, data)
    return found


def events(*arguments: str) -> tuple[int, dict[str, list[Told]]]:
    """Run the program; return its exit code, and what it said of the resources of each task."""
    done = subprocess.run(
        [*RUN, *arguments, "-o", "jsonl"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stderr == ""
    fields = ("kind", "name", "host", "changed", "what")
    told: dict[str, list[Told]] = {}
    for event in map(json.loads, done.stdout.splitlines()):
        if event["event"] == "resource":
            told.setdefault(event["task"], []).append({field: event[field] for field in fields})
    return done.returncode, told


def changed(told: list[Told]) -> list[Told]:
    return [each for each in told if each["changed"]]


def write_tasks(directory: Path) -> str:
    """Write a file with a task for each module, in a directory of its own below ``root``."""
    tree = directory / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "a").write_text("a")
    (tree / "sub" / "b").write_text("b")
    (directory / "src").write_text("content\n" * 20_000)
    lines = []
    for name, module in MODULES.items():
        root = directory / "root" / name
        root.mkdir(parents=True)
        (root / "there").write_text("x")
        body = module.call
        for word, path in (("ROOT", root), ("SRC", directory / "src"), ("TREE", tree)):
            body = body.replace(word, str(path))
        lines.append(f'task({{name = "{name}", delegate_to = "web1", run = function() {body} end}})\n')
    path = directory / "tasks.lua"
    path.write_text("".join(lines))
    return str(path)


def test_a_check_predicts_each_module_and_changes_nothing(server: Server, tmp_path: Path, acts: Path) -> None:
    path, root = write_tasks(tmp_path), tmp_path / "root"
    processes = set(server.processes())

    def check(expected: int) -> dict[str, list[Told]]:
        acts.write_text("")
        before = snapshot(root)
        code, told = events("run", path, "--check")
        assert (code, snapshot(root), acts.read_text()) == (expected, before, "")
        wait_until(lambda: set(server.processes()) <= processes)
        return told

    predicted = check(10)
    assert predicted.keys() == MODULES.keys()
    assert {name: changed(told) for name, told in predicted.items()} == predicted
    assert events("run", path) == (0, predicted)
    assert [name for name, told in check(0).items() if changed(told)] == []
    for name, module in MODULES.items():
        module.spoil(root / name)
    predicted = check(10)
    assert {name: [each["what"] for each in changed(told)] for name, told in predicted.items()} == {
        name: [module.what] for name, module in MODULES.items()
    }
    acts.write_text("")
    before = snapshot(root)
    drifted = subprocess.run([*RUN, "drift", path], capture_output=True, timeout=100, check=False)
    assert (drifted.returncode, snapshot(root), acts.read_text()) == (10, before, "")
    assert events("run", path) == (0, predicted)
    assert [name for name, told in check(0).items() if changed(told)] == []


def test_a_check_shows_the_difference_to_what_is_there(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("port = 80\nname = app\n")
    path = tmp_path / "tasks.lua"
    path.write_text(
        f'task({{name = "t", delegate_to = "web1", run = function() '
        f'file.line{{path="{tmp_path}/f", line="port = 8080", match="^port"}} end}})'
    )
    done = subprocess.run(
        [*RUN, "run", str(path), "--check", "--diff"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert f"would change line in {tmp_path}/f on web1: content" in lines
    assert lines.index("-port = 80") + 1 == lines.index("+port = 8080")
    assert (done.returncode, (tmp_path / "f").read_text()) == (10, "port = 80\nname = app\n")
