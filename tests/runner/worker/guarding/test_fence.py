from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.worker.guarding.fence import CommandCgroup, find_own_cgroup

if TYPE_CHECKING:
    from pathlib import Path

V1 = "30 20 0:26 {root} {point} rw shared:9 - cgroup cgroup rw,pids"
V2 = "31 20 0:27 {root} {point} rw - cgroup2 cgroup2 rw"


@pytest.mark.parametrize(
    ("cgroup", "mount", "root", "controllers", "found"),
    [
        ("8:pids:/a/b\n0::/\n", V1, "/", None, "a/b"),
        ("8:pids:/docker/x/b\n", V1, "/docker/x", None, "b"),
        ("8:pids:/elsewhere\n", V1, "/docker/x", None, None),
        ("0::/a\n", V2, "/", "cpu pids\n", "a"),
        ("0::/a\n", V2, "/", "cpu\n", None),
        ("7:cpu:/a\n", V1, "/", None, None),
        ("", V1, "/", None, None),
    ],
)
def test_the_cgroup_of_this_process_is_found(
    tmp_path: Path, cgroup: str, mount: str, root: str, controllers: str | None, found: str | None
) -> None:
    point = tmp_path / "cgroups"
    (point / "a").mkdir(parents=True)
    (tmp_path / "cgroup").write_text(cgroup)
    (tmp_path / "mountinfo").write_text(mount.format(root=root, point=point) + "\n")
    if controllers is not None:
        (point / "a" / "cgroup.subtree_control").write_text(controllers)
    assert find_own_cgroup(str(tmp_path)) == (None if found is None else str(point / found))


def test_where_no_cgroup_can_be_made_nothing_is_left(tmp_path: Path) -> None:
    assert not CommandCgroup(str(tmp_path), os.getpid()).create()
    assert not list(tmp_path.glob("sloth-runner-*"))


def test_what_a_guard_left_that_was_killed_is_removed(tmp_path: Path) -> None:
    (tmp_path / "sloth-runner-999999999").mkdir()
    (tmp_path / f"sloth-runner-{os.getppid()}").mkdir()
    assert not CommandCgroup(str(tmp_path), os.getpid()).create()
    assert [path.name for path in tmp_path.glob("sloth-runner-*")] == [f"sloth-runner-{os.getppid()}"]
