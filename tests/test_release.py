"""``tools/release.py`` in a small project of its own, where only ``make`` is a stand-in: what it refuses, and
a release from its checks to the two commands that it prints."""

from __future__ import annotations

import copy
import datetime
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.docs import ROOT
from tests.support import sweep
from tools import release

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

INTRO = "# Changelog\n\nAll of it.\n\n"
UNRELEASED = "## [Unreleased]\n\n### Added\n\n- A thing.\n\n"
OLDER = "## [0.2.0] - 2026-01-02\n\n- Older.\n"
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = '''
"""Builds the project from the standard library alone."""
import re, tarfile, zipfile
from pathlib import Path

version = re.search('= "(.+)"', Path("sloth_tui/__init__.py").read_text())[1]
METADATA = f"Metadata-Version: 2.1\\nName: sloth_tui\\nVersion: {version}\\n"
PACKAGE = ["sloth_tui/__init__.py", *map(str, Path("sloth_tui/web").rglob("*.*"))]
FILES = ["pyproject.toml", "backend.py", *PACKAGE]

def build_sdist(directory, config_settings=None):
    name = f"sloth_tui-{version}"
    with tarfile.open(Path(directory, f"{name}.tar.gz"), "w:gz") as archive:
        Path("PKG-INFO").write_text(METADATA)
        for file in [*FILES, "PKG-INFO"]:
            archive.add(file, f"{name}/{file}")
    Path("PKG-INFO").unlink()
    return f"{name}.tar.gz"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name, info = f"sloth_tui-{version}-py3-none-any.whl", f"sloth_tui-{version}.dist-info"
    with zipfile.ZipFile(Path(directory, name), "w") as archive:
        for file in PACKAGE:
            archive.write(file)
        archive.writestr(f"{info}/METADATA", METADATA)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
'''
SMOKE = """
import subprocess, sys
from pathlib import Path
python = Path(sys.argv[1], "python")
found = subprocess.run(
    [python, "-c", "import sloth_tui as s; print(s.__version__, s.__file__)"], capture_output=True, text=True
).stdout.split()
if found[0] != sys.argv[2] or "site-packages" not in found[1]:
    sys.exit(f"error: not the wheel: {found}")
print("smoke: found", found[0])
"""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Project:
    """A git repository with one clean commit, and what a release needs of a project."""

    def __init__(self, root: Path, programs: Path) -> None:
        self.root = root
        self.changelog = root / "CHANGELOG.md"
        self.package = root / "sloth_tui" / "__init__.py"
        self._programs = programs
        programs.mkdir()
        for name in ("tools", "sloth_tui"):
            (root / name).mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "release.py", root / "tools")
        (root / "tools" / "smoke.py").write_text(SMOKE)
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND)
        (root / ".gitignore").write_text("dist/\n__pycache__/\n")
        for name in release.PAGE:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("of the page")
        self.package.write_text('"""A package."""\n\n__version__ = "0.2.0"\n')
        self.changelog.write_text(INTRO + UNRELEASED + OLDER)
        self.make("exit 0")
        self.git("init", "--quiet")
        self.git("config", "user.name", "somebody")
        self.git("config", "user.email", "somebody@example.org")
        self.commit()

    def copy(self, directory: Path) -> Project:
        """Return one like it in this directory."""
        copied = copy.copy(self)
        copied.root, copied._programs = directory / "project", directory / "programs"
        shutil.copytree(self.root, copied.root)
        shutil.copytree(self._programs, copied._programs)
        copied.changelog = copied.root / "CHANGELOG.md"
        copied.package = copied.root / "sloth_tui" / "__init__.py"
        return copied

    def make(self, script: str) -> None:
        """Have ``make`` be this shell script, which notes what it was asked for."""
        program = self._programs / "make"
        program.write_text(f'#!/bin/sh\necho "made $*"\n{script}\n')
        program.chmod(0o755)

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change it")

    def release(self, *words: str) -> Ended:
        done = subprocess.run(
            [sys.executable, self.root / "tools" / "release.py", *words],
            cwd=self.root.parent,
            env={**os.environ, "PATH": f"{self._programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def refuses(self, version: str, complaint: str) -> None:
        self.refuses_each({version: complaint})

    def refuses_each(self, complaints: dict[str, str]) -> None:
        """``complaints``: by version."""
        before = self.state()
        for version, complaint in complaints.items():
            assert self.release(version) == (1, "", f"error: {complaint}\n")
        assert self.state() == before
        assert not (self.root / "dist").exists()

    def state(self) -> tuple[str, str, str, str]:
        return (
            self.package.read_text(),
            self.changelog.read_text(),
            self.git("status", "--porcelain"),
            self.git("tag"),
        )


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    top = tmp_path_factory.mktemp("committed")
    return Project(top / "project", top / "programs")


@pytest.fixture
def project(committed: Project, tmp_path: Path) -> Project:
    return committed.copy(tmp_path)


def test_a_malformed_version_is_refused(project: Project) -> None:
    wrong = ("", "1", "0.3", "v0.3.0", "0.3.0.1", "0.3.0rc1", "0.03.0", "0.3.0\n", "0.3.٠", "-1.0.0")
    project.refuses_each(
        {
            version: f"{version!r} is not a version of three numbers, like 0.2.0"
            for version in sweep(wrong, ("", "0.3", "0.3.0rc1", "0.3.0\n"))
        }
    )


def test_a_version_that_is_not_higher_is_refused(project: Project) -> None:
    project.refuses_each(
        {version: f"{version} does not come after 0.2.0" for version in ("0.2.0", "0.1.9", "0.0.99")}
    )


@pytest.mark.parametrize(
    "unreleased",
    ["", "## [Unreleased]\n\n", "## [Unreleased]\n\n### Added\n\n"],
    ids=["none", "empty", "heads"],
)
def test_nothing_to_release_is_refused(project: Project, unreleased: str) -> None:
    project.changelog.write_text(INTRO + unreleased + OLDER)
    project.commit()
    if unreleased:
        project.refuses("0.2.1", "CHANGELOG.md has nothing under [Unreleased]")
    else:
        project.refuses("0.2.1", "CHANGELOG.md must have one heading [Unreleased]")


def test_two_places_for_what_is_unreleased_are_refused(project: Project) -> None:
    project.changelog.write_text(INTRO + UNRELEASED + UNRELEASED + OLDER)
    project.commit()
    project.refuses("0.2.1", "CHANGELOG.md must have one heading [Unreleased]")


@pytest.mark.parametrize("name", ["backend.py", "new.txt"])
def test_a_tree_that_is_not_clean_is_refused(project: Project, name: str) -> None:
    with open(project.root / name, "a") as file:
        file.write("# changed\n")
    project.refuses("0.2.1", f"uncommitted changes, in {name}: commit them first")


def test_a_version_that_has_its_tag_is_refused(project: Project) -> None:
    project.git("tag", "v0.2.1")
    project.refuses("0.2.1", "there is a tag v0.2.1 already")


@pytest.mark.parametrize("words", [(), ("0.2.1", "0.2.2")])
def test_it_says_how_it_is_called(project: Project, words: tuple[str, ...]) -> None:
    assert project.release(*words) == (1, "", "usage: make release VERSION=X.Y.Z\n")


def test_checks_that_fail_end_it_before_anything_is_changed(project: Project) -> None:
    before = project.state()
    project.make("exit 2")
    code, out, err = project.release("0.2.1")
    assert (code, out) == (1, "made test\n")
    assert err == "error: make test failed (exit code 2); version and changelog are as they were\n"
    assert project.state() == before


@pytest.mark.parametrize(
    ("broken", "command"),
    [
        pytest.param("backend.py", "python -m build", id="build"),
        pytest.param("tools/smoke.py", "tools/smoke.py", id="smoke", marks=pytest.mark.proof),
    ],
)
def test_where_a_step_fails_version_and_changelog_are_put_back(
    project: Project, broken: str, command: str
) -> None:
    (project.root / broken).write_text("raise SystemExit('broken on purpose')\n")
    project.commit()
    before = project.state()
    code, _, err = project.release("0.2.1")
    assert code == 1
    assert str(project.root / "tools" / "release.py") not in err  # as in a traceback
    last = err.splitlines()[-1]
    assert last == f"error: {command} failed (exit code 1); version and changelog are as they were"
    assert project.state() == before


def test_a_wheel_without_the_page_is_not_released(tmp_path: Path) -> None:
    wheel = tmp_path / "sloth_tui-0.3.0-py3-none-any.whl"
    for lacking in (set(), {"sloth_tui/web/assets/xterm.mjs"}):
        with zipfile.ZipFile(wheel, "w") as archive:
            for name in release.PAGE - lacking:
                archive.writestr(name, "of the page")
        if lacking:
            with pytest.raises(SystemExit, match=r"lacks files of the page: .*/xterm\.mjs$"):
                release.check_page(wheel)
        else:
            release.check_page(wheel)


def test_a_release_leaves_two_commands_to_do(project: Project) -> None:
    (project.root / "dist").mkdir()
    (project.root / "dist" / "stale-0.1.0.tar.gz").touch()
    day = datetime.date.today()
    code, out, err = project.release("0.3.0")
    assert code == 0, err
    assert (
        out.index("made test")
        < out.index("made web-assets")
        < out.index("smoke: found 0.3.0")
        < out.index("git commit")
    )
    assert project.package.read_text() == '"""A package."""\n\n__version__ = "0.3.0"\n'
    days = {day, datetime.date.today()}
    assert project.changelog.read_text() in {
        INTRO + UNRELEASED.replace("]\n", f"]\n\n## [0.3.0] - {each.isoformat()}\n") + OLDER for each in days
    }
    assert sorted(os.listdir(project.root / "dist")) == [
        "sloth_tui-0.3.0-py3-none-any.whl",
        "sloth_tui-0.3.0.tar.gz",
    ]
    assert project.git("tag") == ""
    commands = [line.strip() for line in out.splitlines()[-2:]]
    assert [command.split()[:2] for command in commands] == [["git", "commit"], ["git", "tag"]]
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=project.root, check=True, capture_output=True)
    assert project.git("tag") == "v0.3.0\n"
    assert project.git("status", "--porcelain") == ""
    assert project.git("log", "-1", "--format=%s") == "Release 0.3.0\n"
