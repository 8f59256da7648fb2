"""Check mode on a host behind a real sshd: what it predicts comes true, and it changes nothing there."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.contents import Bytes
from sloth_tui.runner.hosts.host import DIRECTORY, FILE, Attributes, Command
from sloth_tui.runner.hosts.predicting import PredictingHost
from tests.runner.test_predicting_here import act, outcome, seen
from tests.ssh import needs_sshd
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host
    from tests.runner.hosts.support import SshHosts
    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]
RUN = [sys.executable, "-m", "sloth_tui"]
ACTS = ("base64", "chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "rmdir", "tar", "touch")
"""Programs that a check has no use for."""


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
    "cmd": Module('cmd{command="echo x >ROOT/f", creates="ROOT/f"}', lambda root: (root / "f").unlink(), []),
    "chain": Module(
        'file.directory("ROOT/d") file.line{path="ROOT/d/f", line="a", create=true}'
        ' file.line{path="ROOT/d/f", line="b"} file.link{path="ROOT/l", to="d"}'
        ' assert(file.exists("ROOT/l/f"))',
        lambda root: (root / "d/f").write_text("a\n"),
        ["content"],
    ),
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


def events(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run the program; return its exit code, and what it said of resources."""
    done = subprocess.run(
        [*RUN, *arguments, "-o", "jsonl"], capture_output=True, text=True, timeout=100, check=False
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == ""
    fields = ("kind", "name", "host", "changed", "what")
    return done.returncode, [
        {field: each[field] for field in fields} for each in told if each["event"] == "resource"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_a_check_predicts_each_module_and_changes_nothing(
    server: Server, tmp_path: Path, acts: Path, name: str
) -> None:
    module = MODULES[name]
    root, tree = tmp_path / "root", tmp_path / "tree"
    root.mkdir()
    (root / "there").write_text("x")
    (tree / "sub").mkdir(parents=True)
    (tree / "a").write_text("a")
    (tree / "sub" / "b").write_text("b")
    (tmp_path / "src").write_text("content\n" * 20_000)
    body = module.call.replace("ROOT", str(root)).replace("SRC", f"{tmp_path}/src").replace("TREE", str(tree))
    path = tmp_path / "tasks.lua"
    path.write_text(f'task({{name = "t", delegate_to = "web1", run = function() {body} end}})')
    processes = set(server.processes())

    def check(expected: int) -> list[dict[str, Any]]:
        acts.write_text("")
        before = snapshot(root)
        code, told = events("run", str(path), "--check")
        assert (code, snapshot(root), acts.read_text()) == (expected, before, "")
        wait_until(lambda: set(server.processes()) <= processes)
        return told

    predicted = check(10)
    assert [each["changed"] for each in predicted] == [True] * len(predicted)
    assert events("run", str(path)) == (0, predicted)
    assert not any(each["changed"] for each in check(0))
    module.spoil(root)
    predicted = check(10)
    assert [each["what"] for each in predicted if each["changed"]] == [module.what]
    acts.write_text("")
    before = snapshot(root)
    drifted = subprocess.run([*RUN, "drift", str(path)], capture_output=True, timeout=100, check=False)
    assert (drifted.returncode, snapshot(root), acts.read_text()) == (10, before, "")
    assert events("run", str(path)) == (0, predicted)
    check(0)


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(2, 40)))
def test_predictions_come_true_there(hosts: SshHosts, tmp_path: Path, seed: int) -> None:
    for copy in ("predicted", "real"):
        (tmp_path / copy / "work").mkdir(parents=True)
    there = {name: hosts.make(cwd=str(tmp_path / name / "work")) for name in ("predicted", "real")}
    for host in there.values():
        chance = random.Random(seed)
        for _ in range(8):
            outcome(lambda: act(host, chance))  # noqa: B023 - called at once
    untouched = seen(there["predicted"], str(tmp_path / "predicted"))
    predicting = PredictingHost(there["predicted"])
    for number in range(20):
        expected = outcome(lambda: act(predicting, random.Random(f"{seed} {number}")))  # noqa: B023
        found = outcome(lambda: act(there["real"], random.Random(f"{seed} {number}")))  # noqa: B023
        assert bool(found) == bool(expected), (expected, found)
        assert seen(predicting, str(tmp_path / "predicted")) == seen(there["real"], str(tmp_path / "real"))
    assert seen(there["predicted"], str(tmp_path / "predicted")) == untouched


@pytest.mark.parametrize("umask", ["0022", "0077", "0002"])
def test_what_new_files_get_there_is_known(
    server: Server, hosts: SshHosts, tmp_path: Path, umask: str
) -> None:
    keys = server.directory / "authorized_keys"
    before = keys.read_text()
    keys.write_text(f'command="umask {umask}; eval \\"$SSH_ORIGINAL_COMMAND\\"" {before}')
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, 0, 1)
    shared.chmod(0o2775)
    try:
        real = hosts.make()
        predicting = PredictingHost(real)

        def make(host: Host) -> list[tuple[int, int, int]]:
            for directory in (tmp_path, shared):
                host.put(f"{directory}/f", Bytes(b"x"), Attributes())
                host.make_directory(f"{directory}/d/e", Attributes(), parents=True)
                host.put_tree(str(directory), [("g", Bytes(b"x"), Attributes())])
            paths = [f"{each}/{name}" for each in (tmp_path, shared) for name in ("f", "d", "d/e", "g")]
            return [(found.mode, found.uid, found.gid) for found in host.look(paths)]

        assert make(predicting) == make(real)
        assert predicting.look([f"{shared}/d"])[0].gid == 1
    finally:
        keys.write_text(before)


REFUSED = ["/", "/proc", "/usr/..", ".", "HOME", "HOME/..", "MOUNT", "LINK/proc", "CIRCLE/x"]


@pytest.mark.parametrize(
    ("path", "recurse"),
    [*((path, recurse) for path in REFUSED for recurse in (False, True)), ("FULL", False)],
)
def test_what_the_host_refuses_to_remove_is_predicted(
    hosts: SshHosts, tmp_path: Path, path: str, recurse: bool
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "f").write_text("")
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "circle").symlink_to("circle")
    home = os.path.expanduser("~root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "none", str(tmp_path / "full")], capture_output=True, check=False
    )
    if path == "MOUNT" and mounted.returncode:
        pytest.skip("cannot mount")
    try:
        if path == "FULL":
            subprocess.run(["umount", str(tmp_path / "full")], capture_output=True, check=False)
        for word, real in (
            ("HOME", home), ("MOUNT", tmp_path / "full"), ("FULL", tmp_path / "full"),
            ("LINK", tmp_path / "link"), ("CIRCLE", tmp_path / "circle"),
        ):  # fmt: skip
            path = path.replace(word, str(real))
        host = hosts.make()
        for each in (PredictingHost(host), host):
            if "circle" in path:
                break  # as a path that is not there
            with pytest.raises(HostError) as caught:
                each.remove(path, recurse=recurse)
            assert "\n" not in caught.value.message
        assert (tmp_path / "full").exists()
    finally:
        subprocess.run(["umount", str(tmp_path / "full")], capture_output=True, check=False)


def test_a_predicted_link_is_followed_to_what_is_not_removed(hosts: SshHosts, tmp_path: Path) -> None:
    host = PredictingHost(hosts.make())
    host.make_link(str(tmp_path / "link"), "/")
    with pytest.raises(HostError, match="mount point"):
        host.remove(f"{tmp_path}/link/proc", recurse=True)


def test_commands_that_only_read_and_guards_run_there_in_a_check(hosts: SshHosts, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    host = PredictingHost(hosts.make())
    heard: list[bytes] = []
    end = host.run(Command(f"cat {tmp_path}/f".encode(), reads=True), 1.0, lambda _, data: heard.append(data))
    assert (end.code, b"".join(heard)) == (0, b"x")
    end = host.run(Command(f"rm {tmp_path}/f".encode(), onlyif=b"true"), 1.0, lambda _, data: None)
    assert (end.code, end.skipped, (tmp_path / "f").exists()) == (0, None, True)
    assert host.run(Command(b"true", unless=b"true"), 1.0, lambda _, data: None).skipped == "unless true"


def test_a_kind_is_kept(hosts: SshHosts, tmp_path: Path) -> None:
    host = PredictingHost(hosts.make(cwd=str(tmp_path)))
    host.make_directory("d", Attributes(), parents=False)
    host.put("d/f", Bytes(b"x"), Attributes())
    assert [found.kind for found in host.look(["d", "d/f"])] == [DIRECTORY, FILE]
    assert sorted(os.listdir(tmp_path)) == ["home"]
