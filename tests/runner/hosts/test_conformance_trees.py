"""What every host promises about directories, links and trees."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import DIRECTORY, Attributes
from tests.runner.hosts.support import Bytes, mode, sha

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Host

KEPT = Attributes()


def test_directories_are_made_with_their_parents(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c"
    with pytest.raises(HostError):
        host.make_directory(str(path), KEPT, parents=False)
    host.make_directory(str(path), Attributes(0o2710), parents=True)
    assert (mode(path), mode(path.parent)) == (0o2710, 0o755)
    host.set_attributes(str(path), Attributes(0o755))
    assert mode(path) == 0o755
    with pytest.raises(HostError):
        host.make_directory(str(path), KEPT, parents=True)


def test_links_are_made_and_replaced(host: Host, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "file").write_text("x")
    link = tmp_path / "link"
    for to in ("nowhere", "d", "file", "-n"):
        host.make_link(str(link), to)
        assert os.readlink(link) == to
    host.make_link(str(tmp_path / "file"), "d")
    (tmp_path / "round").write_text("a file that the link leads to as long as it is there")
    host.make_link(str(tmp_path / "round"), "round")
    assert os.readlink(tmp_path / "round") == "round"
    assert os.readlink(tmp_path / "file") == "d"
    assert os.listdir(tmp_path / "d") == []
    with pytest.raises(HostError):
        host.make_link(str(tmp_path / "d"), "x")


def test_removal_takes_only_what_is_named(host: Host, tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / ".hidden").write_text("")
    (tmp_path / "link").symlink_to("d")
    host.remove(str(tmp_path / "none"))
    host.remove(str(tmp_path / "link"))
    assert sorted(os.listdir(tmp_path)) == ["d", "home"]
    host.remove(str(tmp_path / "d" / "e"))
    with pytest.raises(HostError, match="is not empty"):
        host.remove(str(tmp_path / "d"))
    host.remove(str(tmp_path / "d"), recurse=True)
    assert os.listdir(tmp_path) == ["home"]


@pytest.mark.parametrize("path", ["/", "/proc", "/usr/..", "."])
def test_some_things_are_never_removed(host: Host, path: str) -> None:
    # Without recurse, so that a mistake in what is tested costs nobody the machine.
    with pytest.raises(HostError, match="not removed"):
        host.remove(path)


def test_trees_are_listed_and_put(host: Host, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "old").write_text("old")
    (root / "sub" / "old").chmod(0o600)
    (root / "link").symlink_to("sub")
    assert host.list_tree(str(tmp_path / "home")) == []
    for big in (b"small", b"x" * 200_000):
        files = [
            ("new", Bytes(b"1"), KEPT),
            ("sub/old", Bytes(big), KEPT),
            ("sub/b l", Bytes(b""), Attributes(0o751)),
        ]
        host.put_tree(str(root), files)
        assert ((root / "sub" / "old").read_bytes(), mode(root / "sub" / "old")) == (big, 0o600)
        listed = host.list_tree(str(root))
        assert [name for name, _ in listed] == ["link", "new", "sub", "sub/b l", "sub/old"]
        found = dict(listed)
        assert (found["link"].link, found["new"].mode, found["sub"].kind) == ("sub", 0o644, DIRECTORY)
        assert (found["sub/old"].sha256, found["sub/b l"].mode) == (sha(big), 0o751)
        assert sorted(os.listdir(root)) == ["link", "new", "sub"]


def test_a_link_in_a_tree_stays_one(host: Host, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link").symlink_to("../target")
    for data in (b"new", b"newer"):  # the target is made, then replaced
        host.put_tree(str(tmp_path / "d"), [("link", Bytes(data), Attributes(0o640))])
        assert os.readlink(tmp_path / "d" / "link") == "../target"
        assert (tmp_path / "target").read_bytes() == data
        assert mode(tmp_path / "target") == 0o640
