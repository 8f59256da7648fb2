"""The README is held to the code."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui import settings
from sloth_tui.errors import ExitCode
from sloth_tui.tui.keymap import checked
from tests.readme import README, redrawn

if TYPE_CHECKING:
    from pathlib import Path

TEXT = README.read_text("utf-8")


CALLS = """
task({name = "show", run = function()
  print("cmd")
  for name, module in pairs({
    state = state, file = file, template = template, crypto = crypto, json = json, log = log,
  }) do
    for call, what in pairs(module) do
      if type(what) == "function" then print(name .. "." .. call) end
    end
  end
end})
"""
"""Prints every function of every module."""


def section(title: str) -> str:
    match = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section(title), re.DOTALL | re.MULTILINE)


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_what_is_drawn_from_the_code_is_as_the_code_has_it() -> None:
    assert redrawn(TEXT) == TEXT, "python -m tests.readme brings it up to date"


def test_exit_codes_are_those_of_the_code() -> None:
    told = [int(code) for row in table(section("Exit codes")) for code in row[0].split(",")]
    assert told == sorted(value for name, value in vars(ExitCode).items() if name.isupper())


def test_settings_and_their_defaults_are_those_of_the_code(base: Path) -> None:
    rows = [row for row in table(section("Configuration")) if len(row) == 3]
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows if default.startswith("`")}
    base.mkdir()
    (base / "config.toml").write_text("".join(f"{name} = {value}\n" for name, value in told.items()))
    loaded = settings.load_settings()
    names = set(settings.Settings.__slots__) - {"key_lines"}
    assert len(rows) == len(names)
    for name in names:
        assert getattr(loaded, name) == getattr(settings.Settings(), name), name


def test_other_keys_can_be_set_as_printed(base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text(blocks("Configuration", "toml")[0])
    assert set(checked(settings.load_settings())) == {"delete_key", "page_value", "zoom"}


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


def test_the_examples_section_works_as_printed(tmp_path: Path) -> None:
    lines = "".join(blocks("Examples", "sh")).splitlines()
    assert len(lines) >= 3
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", "sloth_tui", *line.split()[1:]],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert (done.returncode, done.stderr) == (0, ""), line


def test_the_calls_of_lua_are_those_there_are(tmp_path: Path) -> None:
    """Names that a module begins with in a table's cell are its functions."""
    told: set[str] = set()
    for row in (*table(section("State")), *table(section("Commands, files, templates"))):
        module = ""
        for call in re.findall(r"`([^`]+)`", row[0]):
            dotted = re.match(r"(\w+)\.\w+", call)
            module = dotted[1] if dotted else module
            name = re.match(r"[\w.]+", call)
            assert name
            told.add(name[0] if dotted or call.startswith("cmd(") else f"{module}.{name[0]}")
    path = tmp_path / "calls.lua"
    path.write_text(CALLS)
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", "run", str(path)], capture_output=True, text=True, check=True
    )
    there = re.findall(r"^  (cmd$|\w+\.\w+$)", done.stdout, re.MULTILINE)
    assert told == set(there)


@pytest.mark.parametrize("target", ["demo", "quick", "test", "proof", "bench", "screenshots"])
def test_make_targets_it_names_exist(target: str) -> None:
    assert f"make {target}" in TEXT
    makefile = (README.parent / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_pictures_it_shows_exist() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", TEXT)
    assert pictures
    for picture in pictures:
        assert (README.parent / picture).read_bytes().startswith(b"\x89PNG"), picture
