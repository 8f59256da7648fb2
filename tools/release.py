"""Make a release: ``python tools/release.py VERSION``, or ``make release VERSION=X.Y.Z``.

Checks that the tree is clean, that the version is the next one and that the changelog has something to
release; runs every check; sets the version and dates the changelog; builds wheel and sdist into ``dist/``;
installs the wheel in an empty environment and tries it. Nothing is committed, tagged or uploaded: what is
left to do is printed. Where a step fails, version and changelog are put back.
"""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sloth_tui" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
_VERSION = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
_UNRELEASED = "## [Unreleased]\n"


def main(version: str) -> None:
    check(version)
    subprocess.run(["make", "test"], cwd=ROOT, check=True)
    before = {path: path.read_text("utf-8") for path in (PACKAGE, CHANGELOG)}
    try:
        PACKAGE.write_text(_VERSION.sub(f'__version__ = "{version}"', before[PACKAGE]), "utf-8")
        CHANGELOG.write_text(dated(before[CHANGELOG], version, datetime.date.today()), "utf-8")
        wheel = build(version)
        try_wheel(wheel, version)
    except BaseException:
        for path, text in before.items():
            path.write_text(text, "utf-8")
        raise
    print(f"\nbuilt and tried: {wheel.relative_to(ROOT)} and its sdist. What is left to do:")
    print(f'  git commit --all --message "Release {version}"')
    print(f'  git tag --annotate v{version} --message "{version}"')


def check(version: str) -> None:
    """Exit with one line where this cannot be released."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"error: '{version}' is not a version of three numbers, like 0.2.0")
    match = _VERSION.search(PACKAGE.read_text("utf-8"))
    assert match, PACKAGE
    if numbers(version) <= numbers(match["version"]):
        sys.exit(f"error: {version} does not come after {match['version']}")
    if not unreleased(CHANGELOG.read_text("utf-8")).strip():
        sys.exit("error: CHANGELOG.md has nothing under [Unreleased]")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    if status.stdout:
        sys.exit("error: there are uncommitted changes:\n" + status.stdout)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def unreleased(changelog: str) -> str:
    """What stands under [Unreleased], up to the next version."""
    rest = changelog.partition(_UNRELEASED)[2]
    return re.split(r"^## \[", rest, maxsplit=1, flags=re.MULTILINE)[0]


def dated(changelog: str, version: str, day: datetime.date) -> str:
    """The changelog with what is unreleased under this version and day."""
    if changelog.count(_UNRELEASED) != 1:
        sys.exit("error: CHANGELOG.md must have one heading [Unreleased]")
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n")


def build(version: str) -> Path:
    """Build both distributions anew; return the wheel."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", "dist", "."], cwd=ROOT, check=True)
    wheel = ROOT / "dist" / f"sloth_tui-{version}-py3-none-any.whl"
    sdist = ROOT / "dist" / f"sloth_tui-{version}.tar.gz"
    for path in (wheel, sdist):
        if not path.exists():
            sys.exit(f"error: {path.name} was not built")
    return wheel


def try_wheel(wheel: Path, version: str) -> None:
    """Install the wheel in an empty environment and run the smoke test there."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = Path(directory, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
        smoke: list[str | Path] = [python, ROOT / "tools" / "smoke.py", python.parent, version]
        subprocess.run(smoke, cwd=directory, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make release VERSION=X.Y.Z")
    main(sys.argv[1])
