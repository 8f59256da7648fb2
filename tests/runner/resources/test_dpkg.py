"""Packages with the real apt-get and dpkg: one that is made here, and installed from a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import Resource
from tests.runner.support import Told, run_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="needs apt-get, dpkg and root",
    ),
]
NAME = f"sloth-runner-test-{os.getpid()}"
_CONTROL = f"""Package: {NAME}
Version: 1.0
Architecture: all
Maintainer: Tests <tests@localhost>
Description: a package of the tests, with one file of its configuration
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file that the package installs; the package is in the only source that apt-get knows."""
    built = tmp_path / "built"
    (built / "DEBIAN").mkdir(parents=True)
    (built / "etc").mkdir()
    path = f"/etc/{NAME}.conf"
    (built / "etc" / f"{NAME}.conf").write_text("a = 1\n")
    (built / "DEBIAN" / "control").write_text(_CONTROL)
    (built / "DEBIAN" / "conffiles").write_text(f"{path}\n")
    source = tmp_path / "source"
    source.mkdir()
    deb = source / f"{NAME}.deb"
    _run("dpkg-deb", "--root-owner-group", "--build", str(built), str(deb))
    fields = _run("dpkg-deb", "--field", str(deb)).rstrip("\n")
    digest = _run("sha256sum", str(deb)).split()[0]
    entry = f"{fields}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
    (source / "Packages").write_text(entry)
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{source} ./\n")
    for name in ("lists/partial", "cache/archives/partial"):
        (tmp_path / name).mkdir(parents=True)
    config = tmp_path / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State::lists "{tmp_path}/lists";\nDir::Cache "{tmp_path}/cache";\nDir::Log "{tmp_path}";\n'
        'APT::Sandbox::User "root";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(config))
    _run("apt-get", "update")
    yield tmp_path.__class__(path)
    subprocess.run(["dpkg", "--purge", NAME], capture_output=True, check=True)


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout


def change(told: Told) -> tuple[int, list[str]]:
    (event,) = told.of(Resource)
    assert (event.kind, event.name) == ("package", NAME)
    return told.end.exit_code, event.what


def test_a_package_comes_and_goes(tmp_path: Path, file: Path) -> None:
    present, absent = f"package.present('{NAME}')", f"package.absent('{NAME}')"
    assert change(run_task(tmp_path, absent)) == (0, [])
    assert change(run_task(tmp_path, present, check=True)) == (10, ["installed"])
    assert not file.exists()
    assert change(run_task(tmp_path, present)) == (0, ["installed"])
    assert file.read_text() == "a = 1\n"
    assert change(run_task(tmp_path, present)) == (0, [])
    assert change(run_task(tmp_path, present, check=True)) == (0, [])
    _run("apt-get", "remove", "-y", NAME)  # by hand; the file of its configuration stays
    assert file.exists()
    assert change(run_task(tmp_path, absent, check=True)) == (0, [])
    assert change(run_task(tmp_path, present, check=True)) == (10, ["installed"])
    file.write_text("a = 2\n")
    assert change(run_task(tmp_path, present)) == (0, ["installed"])
    assert file.read_text() == "a = 2\n"
    assert change(run_task(tmp_path, absent, check=True)) == (10, ["removed"])
    assert change(run_task(tmp_path, absent)) == (0, ["removed"])
    assert change(run_task(tmp_path, absent)) == (0, [])


def test_a_package_that_no_source_has_fails_in_the_words_of_apt_get(tmp_path: Path, file: Path) -> None:
    told = run_task(tmp_path, f"package.present('{NAME}-other')")
    assert told.end.exit_code == 20
    assert told.errors["only"].endswith(f"exit code 100: E: Unable to locate package {NAME}-other")
