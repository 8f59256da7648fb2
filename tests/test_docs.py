"""The README, the manual and the pages for developers are held to the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui import settings
from sloth_tui.cli.parsing import registry
from sloth_tui.documents.check import MAX_DEPTH
from sloth_tui.errors import ExitCode
from sloth_tui.runner.hosts.host import LARGEST_CONTENT
from sloth_tui.runner.lua.modules import cmd, templates
from sloth_tui.tui.actions import ALL_ACTIONS
from sloth_tui.tui.editing import EDITABLE_SIZE
from sloth_tui.tui.external.clipboard import MAX_OSC52_BYTES
from sloth_tui.tui.keymap import check_keys
from sloth_tui.tui.own_actions import own_actions
from sloth_tui.values import codec as values
from tests import workers
from tests.cli.support import piped
from tests.docs import (
    DRAWN,
    MANUAL,
    ROOT,
    TEXTS,
    anchors,
    blocks,
    links,
    our_commands,
    redrawn,
    run_shell,
    section,
    table,
    without_blocks,
)
from tests.tools import Machine

if TYPE_CHECKING:
    from pathlib import Path

README = TEXTS["README.md"]
LUA, TERMINAL_UI = TEXTS["docs/lua.md"], TEXTS["docs/terminal-ui.md"]
COMMAND_LINE, CONFIGURATION = TEXTS["docs/command-line.md"], TEXTS["docs/configuration.md"]

CALLS = """
task({name = "show", run = function()
  print("cmd")
  for name, module in pairs({
    state = state, file = file, template = template, crypto = crypto, json = json, log = log,
    package = package, service = service, user = user,
  }) do
    for call, what in pairs(module) do
      if type(what) == "function" then print(name .. "." .. call) end
    end
  end
end})
"""
"""Prints every function of every module."""


# What is drawn


@pytest.mark.parametrize("page", MANUAL)
def test_what_is_drawn_from_the_code_is_as_the_code_has_it(page: str) -> None:
    assert redrawn(TEXTS[page]) == TEXTS[page], "python -m tests.docs brings it up to date"


@pytest.mark.parametrize(
    ("part", "page"),
    [
        ("commands", "command-line"),
        ("options", "command-line"),
        ("keys", "terminal-ui"),
        ("scalars", "lua"),
        ("events", "command-line"),
    ],
)
def test_each_drawn_part_is_in_its_page_and_in_no_other(part: str, page: str) -> None:
    holders = [name for name in MANUAL if f"<!-- {part}: begin -->" in TEXTS[name]]
    assert holders == [f"docs/{page}.md"]
    assert part in DRAWN


def test_every_option_of_every_command_is_in_its_page() -> None:
    told = {row[0].strip("`") for row in table(section(COMMAND_LINE, "Every option"))}
    there = {
        ", ".join(option.flags) + ("" if option.metavar is None else f" {option.metavar}")
        for path in registry.paths()
        for option in registry.load(path).options
    }
    assert told == there


def test_every_action_with_a_key_is_in_its_page() -> None:
    for action in ALL_ACTIONS:
        assert not action.key or f"| `{action.id}` |" in TERMINAL_UI, action.id


# What is told


def test_exit_codes_are_those_of_the_code() -> None:
    told = [int(code) for row in table(section(COMMAND_LINE, "Exit codes")) for code in row[0].split(",")]
    assert told == sorted(value for name, value in vars(ExitCode).items() if name.isupper())


@pytest.mark.parametrize("page", MANUAL)
def test_an_exit_code_that_is_named_is_one_there_is(page: str) -> None:
    codes = {value for name, value in vars(ExitCode).items() if name.isupper()}
    named = {int(code) for code in re.findall(r"[Ee]xit codes? (\d+)", TEXTS[page])}
    assert named <= codes


def test_settings_and_their_defaults_are_those_of_the_code(base: Path) -> None:
    rows = table(section(CONFIGURATION, "Settings"))
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows if default.startswith("`")}
    base.mkdir()
    (base / "config.toml").write_text("".join(f"{name} = {value}\n" for name, value in told.items()))
    loaded = settings.load_settings()
    names = set(settings.Settings.__slots__) - {"commands_text", "key_lines", "store_line"}
    assert len(rows) == len(names)
    for name in names:
        assert getattr(loaded, name) == getattr(settings.Settings(), name), name


@pytest.mark.parametrize(
    ("page", "number"), [(name, i) for name in MANUAL for i in range(len(blocks(TEXTS[name], "toml")))]
)
def test_what_is_shown_of_config_toml_can_be_loaded(base: Path, page: str, number: int) -> None:
    base.mkdir()
    (base / "config.toml").write_text(blocks(TEXTS[page], "toml")[number].text)
    shown = settings.load_settings()
    plain = settings.Settings()
    assert any(getattr(shown, name) != getattr(plain, name) for name in settings.Settings.__slots__)
    check_keys(shown, own_actions(shown))


def test_other_keys_can_be_set_as_printed(base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text(blocks(section(CONFIGURATION, "Other keys"), "toml")[0].text)
    assert set(check_keys(settings.load_settings())) == {"delete_key", "page_value", "zoom"}


def test_the_calls_of_lua_are_those_there_are(tmp_path: Path) -> None:
    """Names that a module begins with in a table's cell are its functions."""
    told: set[str] = set()
    for row in (*table(section(LUA, "State")), *table(section(LUA, "Commands, files, templates"))):
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


def test_sizes_and_numbers_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in table(section(TEXTS["docs/limits.md"], "Sizes and numbers"))}
    mebibyte = 1024 * 1024
    assert told["key"].startswith(f"{values.MAX_KEY // 1024} KiB")
    assert told["value"] == f"{values.MAX_VALUE // mebibyte} MiB"
    assert told["nesting of tables, JSON, YAML, TOML"] == str(values.MAX_DEPTH) == str(MAX_DEPTH)
    assert LARGEST_CONTENT == templates.LARGEST
    assert told["file of `file.*`, text of `template.render`"] == f"{LARGEST_CONTENT // mebibyte} MiB"
    assert told["output of one `cmd` in its result"] == f"{cmd.LARGEST_RESULT // mebibyte} MiB"
    assert told["text copied through the terminal alone"] == f"{MAX_OSC52_BYTES // mebibyte} MiB"
    edited = told["value edited in place in the TUI; in `$EDITOR`"]
    assert edited.startswith(f"{EDITABLE_SIZE // 1024} KiB;")


# What is shown


@pytest.mark.slow
def test_the_first_minute_works_as_printed(tmp_path: Path) -> None:
    part = section(README, "A first minute")
    (tmp_path / "hello.lua").write_text(blocks(part, "lua")[0].text)
    outputs = []
    for line in "".join(block.text for block in blocks(part, "sh")).splitlines():
        assert line.startswith("sloth-runner ")
        done = run_shell(line, tmp_path)
        assert done.returncode == 0, line
        assert "error" not in done.stderr, line
        outputs.append(done.stdout)
    assert outputs[1:3] == ["v1.2.3\n", "1\n"]
    first, second = (output for output in outputs if output.startswith("run hello.lua"))
    assert "already done (skipping)" not in first
    assert "already done (skipping)" in second


RUNNABLE = [name for name in MANUAL if "<!-- runnable -->" in TEXTS[name]]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE)
def test_blocks_that_are_marked_runnable_run_in_their_order(page: str, tmp_path: Path) -> None:
    for block in blocks(TEXTS[page], "lua"):
        if block.mark.startswith("file: "):
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text)
    runnable = [block.text for block in blocks(TEXTS[page], "sh") if block.mark == "runnable"]
    assert len(runnable) == TEXTS[page].count("<!-- runnable -->")
    for text in runnable:
        done = run_shell(text, tmp_path)
        assert done.returncode == 0, f"{text}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "number"), [(name, i) for name in MANUAL for i in range(len(blocks(TEXTS[name], "lua")))]
)
def test_every_lua_example_runs(
    page: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing that they install, start or create is to be on this machine.
    machine = Machine(tmp_path / ".machine")
    places = (str(our_commands(tmp_path)), str(machine.bin), os.environ["PATH"])
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.chdir(tmp_path)
    workers.use(monkeypatch)
    (tmp_path / "example.lua").write_text(blocks(TEXTS[page], "lua")[number].text)
    done = piped("run", "example.lua")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^run done in .*: \d+ done(;|$)", done.out, re.MULTILINE)


@pytest.mark.parametrize("page", MANUAL)
def test_commands_and_their_options_in_examples_are_those_there_are(page: str) -> None:
    paths = sorted(registry.paths(), key=len, reverse=True)
    shown = "".join(block.text for block in blocks(TEXTS[page], "sh"))
    quoted = re.findall(r"`(sloth-runner [a-z][^`]*)`", without_blocks(TEXTS[page]))
    for words in re.findall(r"sloth-runner ((?:[\w./:=-]+ ?)+)", "\n".join([shown, *quoted])):
        said = tuple(words.split())
        path = next((path for path in paths if said[: len(path)] == path), None)
        assert path is not None, words
        flags = {flag for option in registry.load(path).options for flag in option.flags}
        ours = said[: said.index("--")] if "--" in said else said  # what follows is another program's
        used = {word for word in ours[len(path) :] if re.match(r"--?[a-z]", word)}
        assert used <= flags, words


# Where it leads


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(TEXTS[page]):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_every_page_of_the_manual_is_linked_from_the_readme_and_the_index() -> None:
    pages = {name.removeprefix("docs/") for name in MANUAL} - {"README.md"}
    assert len(pages) >= 7
    for page in pages:
        assert f"(docs/{page})" in README, page
        assert re.search(rf"\({re.escape(page)}[#)]", TEXTS["docs/README.md"]), page


@pytest.mark.parametrize("page", [name for name in MANUAL if "\n- [" in TEXTS[name]])
def test_a_table_of_contents_has_every_section_in_order(page: str) -> None:
    text = without_blocks(TEXTS[page])
    told = re.findall(r"^- \[(.+?)\]\(#", text, re.MULTILINE)
    assert told == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", MANUAL)
def test_pictures_it_shows_exist(page: str) -> None:
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", TEXTS[page]):
        path = (ROOT / page).parent / picture
        assert path.read_bytes().startswith(b"\x89PNG"), picture


def test_every_picture_is_shown() -> None:
    shown = {
        os.path.basename(link) for name in MANUAL for link in links(TEXTS[name]) if link.endswith(".png")
    }
    assert shown == {path.name for path in (ROOT / "screenshots").glob("*.png")}


@pytest.mark.parametrize("page", TEXTS)
def test_make_targets_it_names_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    there = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    code = re.findall(r"`([^`\n]+)`", without_blocks(TEXTS[page]))
    code += "".join(block.text for block in blocks(TEXTS[page], "sh")).splitlines()
    named = [words for line in code for words in re.findall(r"^make ((?:[a-z-]+ ?)+)", line.strip())]
    assert {target for words in named for target in words.split()} <= there


@pytest.mark.parametrize("target", ["demo", "quick", "test", "screenshots"])
def test_the_readme_names_the_targets_to_begin_with(target: str) -> None:
    assert f"make {target}" in README


@pytest.mark.parametrize("target", ["quick", "test", "proof", "bench", "screenshots", "release"])
def test_the_page_for_contributors_names_the_targets_to_work_with(target: str) -> None:
    assert f"make {target}" in TEXTS["CONTRIBUTING.md"]
