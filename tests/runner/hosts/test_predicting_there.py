"""What a predicting host says of a host behind a real sshd is what is there after the same acts were done."""

from __future__ import annotations

import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.contents import Bytes
from sloth_tui.runner.hosts.host import DIRECTORY, FILE, Attributes, Command
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from tests.runner.test_predicting_here import act, outcome, seen
from tests.ssh import needs_sshd
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.ssh.host import SshHost
    from tests.runner.hosts.support import SshHosts
    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.slow]


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
    for number in range(21):  # the last one is looked at
        expected = outcome(lambda: act(predicting, random.Random(f"{seed} {number}")))  # noqa: B023
        found = outcome(lambda: act(there["real"], random.Random(f"{seed} {number}")))  # noqa: B023
        assert bool(found) == bool(expected), (expected, found)
        if number % rounds(4, 1) == 0:
            assert seen(predicting, str(tmp_path / "predicted")) == seen(
                there["real"], str(tmp_path / "real")
            )
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


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A directory on which something is mounted."""
    path = tmp_path / "mounted"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", path], capture_output=True, check=False).returncode:
        pytest.skip("cannot mount")
    (path / "f").write_text("")
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("recurse", [False, True], ids=["alone", "recurse"])
@pytest.mark.parametrize("name", ["house", "house/..", "mounted", "link/mounted"])
def test_what_the_host_refuses_to_remove_is_predicted(
    hosts: SshHosts, tmp_path: Path, mounted: Path, name: str, recurse: bool
) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "f").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    real = hosts.make(program=f"env HOME={tmp_path}/house /bin/sh")
    for host in (PredictingHost(real), real):
        with pytest.raises(HostError, match="not removed") as caught:
            host.remove(f"{tmp_path}/{name}", recurse=recurse)
        assert "\n" not in caught.value.message
    assert (mounted / "f").exists()
    assert (tmp_path / "house" / "f").exists()


@pytest.mark.parametrize("path", ["/", "/proc", "/usr/..", ".", "FULL"])
def test_what_the_host_refuses_to_remove_without_all_that_is_in_it(
    web1: SshHost, tmp_path: Path, path: str
) -> None:
    (tmp_path / "full" / "d").mkdir(parents=True)
    path = path.replace("FULL", f"{tmp_path}/full")
    # The real one without recurse, so that a mistake in what is tested costs nobody the machine.
    for host, ways in ((PredictingHost(web1), (False, True)), (web1, (False,))):
        for recurse in ways if "full" not in path else (False,):
            with pytest.raises(HostError, match=r"not removed|is not empty") as caught:
                host.remove(path, recurse=recurse)
            assert "\n" not in caught.value.message
    assert (tmp_path / "full").exists()


def test_a_predicted_link_is_followed_to_what_is_not_removed(web1: SshHost, tmp_path: Path) -> None:
    host = PredictingHost(web1)
    host.make_link(str(tmp_path / "link"), "/")
    with pytest.raises(HostError, match="mount point"):
        host.remove(f"{tmp_path}/link/proc", recurse=True)


def test_commands_that_only_read_and_guards_run_there_in_a_check(web1: SshHost, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    host = PredictingHost(web1)
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
