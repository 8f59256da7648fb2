"""The README is held to the code."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui import settings
from sloth_tui.errors import ExitCode
from tests.readme import README, redrawn

if TYPE_CHECKING:
    from pathlib import Path

TEXT = README.read_text("utf-8")


def section(title: str) -> str:
    match = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section(title), re.DOTALL | re.MULTILINE)


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_commands_and_keys_are_those_of_the_code() -> None:
    assert redrawn(TEXT) == TEXT, "python -m tests.readme brings it up to date"


def test_exit_codes_are_those_of_the_code() -> None:
    told = [int(code) for row in table(section("Exit codes")) for code in row[0].split(",")]
    assert told == sorted(value for name, value in vars(ExitCode).items() if name.isupper())


def test_settings_and_their_defaults_are_those_of_the_code(base: Path) -> None:
    told = {
        name.strip("`"): default.strip("`")
        for name, default, *_ in (row for row in table(section("Configuration")) if len(row) == 3)
    }
    base.mkdir()
    (base / "config.toml").write_text("".join(f"{name} = {value}\n" for name, value in told.items()))
    loaded = settings.load_settings()
    assert len(told) == len(settings.Settings.__slots__)
    for name in settings.Settings.__slots__:
        assert getattr(loaded, name) == getattr(settings.Settings(), name), name


def test_the_first_minute_works_as_printed(base: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.lua").write_text(blocks("A first minute", "lua")[0])
    outputs = []
    for line in "".join(blocks("A first minute", "sh")).splitlines():
        words = line.split("#")[0].split()
        assert words[0] == "sloth-runner"
        done = subprocess.run(
            [sys.executable, "-m", "sloth_tui", *words[1:]], capture_output=True, text=True, cwd=tmp_path
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        outputs.append(done.stdout)
    assert outputs[1:3] == ["v1.2.3\n", "1\n"]
    assert "already done (skipping)" not in outputs[-2]
    assert "already done (skipping)" in outputs[-1]


@pytest.mark.parametrize("target", ["demo", "test", "bench", "screenshots"])
def test_make_targets_it_names_exist(target: str) -> None:
    assert f"make {target}" in TEXT
    makefile = (README.parent / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_pictures_it_shows_exist() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", TEXT)
    assert pictures
    for picture in pictures:
        assert (README.parent / picture).read_bytes().startswith(b"\x89PNG"), picture
