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
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "sloth_tui" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
PAGE = {
    f"sloth_tui/web/{name}"
    for name in (
        *("page/index.html", "page/page.css", "page/page.js", "assets/xterm.css"),
        *(
            f"assets/{part}.{kind}"
            for part in ("xterm", "addon-fit", "addon-unicode11", "addon-webgl")
            for kind in ("mjs", "LICENSE")
        ),
    )
}
"""What ``sloth-runner web`` serves, in a wheel. The build leaves out in silence what is not there."""
_ASSIGNMENT = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
_NUMBER = r"(0|[1-9][0-9]*)"
_UNRELEASED = "## [Unreleased]\n"


def main(version: str) -> None:
    check(version)
    run("make test", ["make", "test"])
    before = {path: path.read_text("utf-8") for path in (PACKAGE, CHANGELOG)}
    try:
        PACKAGE.write_text(_ASSIGNMENT.sub(f'__version__ = "{version}"', before[PACKAGE]), "utf-8")
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


def run(name: str, command: list[str | Path], directory: Path = ROOT) -> None:
    """Run a step; exit with one line, which calls it by this name, where it fails."""
    # Its output has its place among ours, in a file as well.
    sys.stdout.flush()
    done = subprocess.run(command, cwd=directory, check=False)
    if done.returncode:
        sys.exit(
            f"error: {name} failed (exit code {done.returncode}); version and changelog are as they were"
        )


def check(version: str) -> None:
    """Exit with one line where this cannot be released."""
    if not re.fullmatch(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", version):
        sys.exit(f"error: {version!r} is not a version of three numbers, like 0.2.0")
    match = _ASSIGNMENT.search(PACKAGE.read_text("utf-8"))
    assert match, PACKAGE
    if numbers(version) <= numbers(match["version"]):
        sys.exit(f"error: {version} does not come after {match['version']}")
    if git("tag", "--list", f"v{version}"):
        sys.exit(f"error: there is a tag v{version} already")
    changelog = CHANGELOG.read_text("utf-8")
    if changelog.count(_UNRELEASED) != 1:
        sys.exit("error: CHANGELOG.md must have one heading [Unreleased]")
    if not re.search(r"^[^#\s]", unreleased(changelog), re.MULTILINE):
        sys.exit("error: CHANGELOG.md has nothing under [Unreleased]")
    changed = [line[3:] for line in git("status", "--porcelain").splitlines()]
    if changed:
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        sys.exit(f"error: uncommitted changes, in {changed[0]}{others}: commit them first")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def unreleased(changelog: str) -> str:
    """What stands under [Unreleased], up to the next version."""
    rest = changelog.partition(_UNRELEASED)[2]
    return re.split(r"^## \[", rest, maxsplit=1, flags=re.MULTILINE)[0]


def dated(changelog: str, version: str, day: datetime.date) -> str:
    """The changelog with what is unreleased under this version and day."""
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n")


def build(version: str) -> Path:
    """Build both distributions anew; return the wheel."""
    run("make web-assets", ["make", "web-assets"])
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    run("python -m build", [sys.executable, "-m", "build", "--outdir", "dist", "."])
    wheel = ROOT / "dist" / f"sloth_tui-{version}-py3-none-any.whl"
    sdist = ROOT / "dist" / f"sloth_tui-{version}.tar.gz"
    for path in (wheel, sdist):
        if not path.exists():
            sys.exit(f"error: {path.name} was not built")
    check_page(wheel)
    return wheel


def check_page(wheel: Path) -> None:
    """Exit with one line where a wheel lacks files that ``sloth-runner web`` serves."""
    with zipfile.ZipFile(wheel) as archive:
        missing = sorted(PAGE - set(archive.namelist()))
    if missing:
        sys.exit(f"error: {wheel.name} lacks files of the page: {', '.join(missing)}")


def try_wheel(wheel: Path, version: str) -> None:
    """Install the wheel in an empty environment and run the smoke test there."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        venv.create(directory)
        programs = directory / "bin"
        pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", programs / "python"]
        run("pip install", [*pip, "install", "--quiet", wheel], directory)
        smoke = ROOT / "tools" / "smoke.py"
        run("tools/smoke.py", [programs / "python", smoke, programs, version], directory)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make release VERSION=X.Y.Z")
    main(sys.argv[1])
