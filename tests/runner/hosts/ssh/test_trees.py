"""What a tree costs on a host behind a real sshd, and what is found in it. The connection is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.hosts.host import ABSENT, DIRECTORY, FILE, LOOP
from sloth_tui.runner.hosts.local.host import LocalHost
from sloth_tui.runner.hosts.predicting.host import PredictingHost
from sloth_tui.runner.resources.change import Handling
from sloth_tui.runner.resources.trees import Wanted, copy_tree
from tests.runner.hosts.kept import far
from tests.ssh import needs_sshd

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.runner.hosts.ssh.host import SshHost
    from sloth_tui.runner.hosts.ssh.remote_shell import Answer

__all__ = ["far"]

pytestmark = needs_sshd


@pytest.fixture
def bodies(far: SshHost, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The requests that the host gets."""
    shell = far._session.connect()
    request, heard = shell.request, []

    def listen(body: bytes) -> Answer:
        heard.append(body)
        return request(body)

    monkeypatch.setattr(shell, "request", listen)
    return heard


def make_source(directory: Path) -> Path:
    source = directory / "source"
    (source / "sub" / "deep").mkdir(parents=True)
    for number in range(100):
        (source / "sub" / f"file {number}").write_text(str(number))
    (source / "link").symlink_to("sub/file 1")
    (source / "sub" / "up").symlink_to("../sub")
    (source / "nowhere").symlink_to("nowhere at all")
    return source


def test_an_unchanged_tree_is_one_request(far: SshHost, bodies: list[bytes], tmp_path: Path) -> None:
    source, dest = make_source(tmp_path), tmp_path / "dest"
    assert copy_tree(far, str(source), str(dest), Wanted(), Handling()).what == ["created"]
    for host in (far, PredictingHost(far)):
        bodies.clear()
        assert copy_tree(host, str(source), str(dest), Wanted(), Handling()).what == []
        assert len(bodies) == 1
        assert len(bodies[0]) < 200


def test_a_tree_is_found_as_here(far: SshHost, tmp_path: Path) -> None:
    tree = make_source(tmp_path)
    (tree / "circle").symlink_to("circle")
    (tree / "a b").symlink_to("sub")
    (tree / "l\nf").symlink_to("link")
    (tree / "gone").symlink_to("none/none")
    (tmp_path / "to").symlink_to("source")
    (tmp_path / "empty").mkdir()
    for name in ("source", "to", "source/sub/file 7", "source/circle", "empty", "none", "none/none"):
        there = far.look_at_tree(str(tmp_path / name))
        assert there == LocalHost().look_at_tree(str(tmp_path / name))
        if there.root.kind == DIRECTORY:
            assert there.below == far.list_tree(there.root.path)
    found = dict(far.look_at_tree(str(tree)).below)
    kinds = {name: found[name].kind for name in ("link", "nowhere", "circle", "a b", "sub/up")}
    assert kinds == {"link": FILE, "nowhere": ABSENT, "circle": LOOP, "a b": DIRECTORY, "sub/up": DIRECTORY}
