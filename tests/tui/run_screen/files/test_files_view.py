"""The Files view, from outside: keys are pressed, and the screen is read."""

from __future__ import annotations

import json
import os
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from textual.events import Key
from textual.widgets import Input, Static, TextArea

from sloth_tui.settings import Settings
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.dialogs.field import FieldScreen
from sloth_tui.tui.external import programs
from sloth_tui.tui.run_screen.files import disk, view
from sloth_tui.tui.run_screen.files.choosing.file_list import FileList
from sloth_tui.tui.run_screen.files.form.form_view import FormView
from sloth_tui.tui.run_screen.files.source import SourceView
from sloth_tui.tui.run_screen.files.tasks import TaskList
from sloth_tui.tui.run_screen.screen import RunScreen
from sloth_tui.tui.ui_state import UiState, UiStateFile, parse
from tests.tui.driving import running, until
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sloth_tui.runner.request import RunRequest
    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow

DEPLOY = """\
-- Deploy the shop.
task({name = "prepare", description = "Make directories", run = function() end})
task({name = "build", depends_on = {"prepare"}, run = function() end})
task({name = "ship", depends_on = {"build"}, delegate_to = {"web1", "web2"}, run = function() end})
task({name = "other", run = function() end})
"""
VALUES = "version: v1\nreplicas: 3\nenabled: true\ndb:\n  password: hunter2\nhosts: [web1, web2]\n"


@pytest.fixture
def work(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a task file below it."""
    base.mkdir(exist_ok=True)
    made = tmp_path / "work"
    (made / "ops").mkdir(parents=True)
    (made / "ops" / "deploy.lua").write_text(DEPLOY)
    (made / "ops" / "deploy.values.yaml").write_text(VALUES)
    monkeypatch.chdir(made)
    return made


class Files:
    """The open Files view."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        self.press = app.press
        self.sees = app.sees
        self.loses = app.loses
        self.asked: list[tuple[RunRequest, str]] = []

    @property
    def screen(self) -> RunScreen:
        found = self.app.app.get_screen("runs")
        assert isinstance(found, RunScreen)
        return found

    @property
    def command(self) -> str:
        """The command line at the bottom, whatever its breaks."""
        return str(self.screen.query_one("#files-command", Static).visual).replace("\n", "")

    async def opens(self, path: str) -> None:
        """Open a file by typing its path."""
        await self.press("slash")
        field = self.screen.query_one("#find-file", Input)
        await until(lambda: field.has_focus)
        field.value = path
        files = self.screen.query_one(FileList)
        await until(lambda: files.row is not None and files.row.path.endswith(path.removeprefix("./")))
        await self.press("enter")
        await until(lambda: self.screen.query_one(TaskList).has_focus)

    async def lists(self, tasks: int) -> None:
        """Wait until so many tasks are listed."""
        found = self.screen.query_one(TaskList)
        await until(lambda: len(found.lines) == tasks, what=self.app.text)

    async def asks(self) -> tuple[RunRequest, str]:
        """Wait for a run to be asked for, and return it."""
        await until(lambda: self.asked)
        return self.asked.pop()

    def tasks(self) -> list[str]:
        return [line.rstrip() for line in self.screen.query_one(TaskList).lines]

    async def goes_to_row(self, name: str) -> None:
        """Put the cursor of the form on a line."""
        form = self.screen.query_one(FormView)
        await until(lambda: any(name in line for line in form.lines), what=f"{name!r} in the form")
        form.walk_to(next(number for number, line in enumerate(form.lines) if name in line))

    async def types(self, text: str) -> None:
        """Answer the dialog that opens."""
        await until(lambda: isinstance(self.app.app.screen, FieldScreen))
        dialog = self.app.app.screen
        if dialog.query(TextArea):
            dialog.query_one(TextArea).text = text
            await self.press("ctrl+s")
        else:
            dialog.query_one(Input).value = text
            await self.press("enter")
        await until(lambda: self.app.app.screen is self.screen, what=self.app.text)


@asynccontextmanager
async def opened(
    *, size: tuple[int, int] = (100, 30), read_only: bool = False, state: UiState | None = None
) -> AsyncIterator[Files]:
    """The run screen at its Files; runs that are asked for are only noted. ``state``: what is remembered."""
    remembered = UiStateFile(UiState() if state is None else state)
    program = SlothApp("local", Settings(), read_only=read_only, ui_state=remembered)
    async with running(size=size, app=program) as app:
        await app.press("r")
        files = Files(app)
        await until(lambda: isinstance(app.app.screen, RunScreen))
        app.app.services.start_run = lambda request, line: files.asked.append((request, line))  # type: ignore[method-assign,assignment,misc]
        await until(lambda: files.screen.query_one(FileList).row is not None)
        yield files


async def test_what_is_wrong_is_said_while_it_is_typed(work: Path) -> None:
    async with opened(size=(60, 20)) as files:
        await files.opens("./ops/deploy.lua")
        await files.press("V")
        await files.goes_to_row("replicas")
        await files.press("enter")
        await until(lambda: isinstance(files.app.app.screen, FieldScreen))
        await files.press("x")
        await files.sees("✗ must be a number; this is text")
        await files.press("enter")
        assert isinstance(files.app.app.screen, FieldScreen)
        await files.press("escape")
        (work / "ops" / "deploy.values.yaml").write_text("a: [1\n")
        await files.press("f5")
        await files.sees("✗ values file 'ops/deploy.values.yaml'")
        await files.press("r")
        await until(lambda: any("values file" in toast for toast in files.app.toasts))
        assert not files.asked


async def test_runs_and_checks_are_asked_for_as_headless_run_takes_them_with_the_values_that_are_typed(
    work: Path,
) -> None:
    (work / "top.lua").write_text('task({name = "only", run = function() end})')
    async with opened() as files:
        # The first press only opens what the cursor is on.
        await files.sees('1 task({name = "only"')
        await until(lambda: files.command.startswith("$ sloth-runner run top.lua"))
        await files.press("r")
        await files.lists(1)
        assert not files.asked
        await files.opens("./ops/deploy.lua")
        await files.lists(4)
        for key, check, diff, ending in (
            ("r", False, False, ""),
            ("x", True, False, " --check"),
            ("d", True, True, " --check --diff"),
        ):
            await files.press(key)
            request, line = await files.asks()
            assert (request.file, request.agent) == ("ops/deploy.lua", "local")
            assert (request.check, request.diff) == (check, diff)
            values = "--agent local --values ops/deploy.values.yaml"
            assert line == f"sloth-runner run ops/deploy.lua {values}{ending}"
            await files.press("1")
        # As fast as a terminal hands them over.
        for name, character in (("slash", "/"), *((one, one) for one in "basic-state"), ("enter", "\r")):
            files.app.app.post_message(Key(name, character))
        await until(lambda: files.command == "$ sloth-runner run --example basic-state --agent local")
        await until(lambda: files.screen.query_one(TaskList).has_focus and files.tasks())
        await files.press("r")
        request, _ = await files.asks()
        assert request.title == "run --example basic-state"
        await files.press("1", "slash", *"basic-s")
        await files.sees("1 hit in ")

        await files.opens("./ops/deploy.lua")
        await files.lists(4)
        await files.press("V")
        for row, text in (
            ("version", "2"),
            ("replicas", "5"),
            ("db.password", "s3cret"),
            ("hosts", "- a\n- b: 1"),
        ):
            await files.goes_to_row(row)
            await files.press("enter")
            await files.types(text)
        await files.goes_to_row("enabled")
        await files.press("space")
        await files.press("n")
        await files.types("--set-string extra=007")
        await files.goes_to_row("Timeout")
        await files.press("enter")
        await files.types("90")
        await files.goes_to_row("Keep going")
        await files.press("space")
        await until(lambda: files.command.endswith("--keep-going"))
        options = (
            " --set replicas=5 --set db.password=•••••••• --set enabled=false --set-string version=2"
            ' --set-string extra=007 --set-json \'hosts=["a", {"b": 1}]\' --timeout 90 --keep-going'
        )
        assert files.command.endswith(options)
        assert "s3cret" not in files.app.text()
        assert "hunter2" not in files.app.text()
        await files.press("x")
        request, line = await files.asks()
        assert request.values == {
            "version": "2",
            "replicas": 5,
            "enabled": False,
            "db": {"password": "s3cret"},
            "hosts": ["a", {"b": 1}],
            "extra": "007",
        }
        assert (request.check, request.diff, request.timeout, request.keep_going) == (True, False, 90.0, True)
        assert line.endswith(options + " --check")
        await files.press("1")
        await files.goes_to_row("replicas")
        await files.press("delete")
        await until(lambda: "replicas" not in files.command)
        # What was typed stays for the next time, but for secrets.
        kept = json.dumps(files.app.app.ui_state.now.forms)
        assert "extra=007" in kept
        assert "s3cret" not in kept


async def test_what_was_chosen_is_remembered_and_only_checks_are_offered_when_nothing_may_be_changed(
    work: Path,
) -> None:
    path = str(work / "ops" / "deploy.lua")
    form: dict[str, object] = {"edits": [["--set", "replicas=9"]], "tasks": ["build"], "switches": ["force"]}
    state = parse({"recent": [path, 5, "relative.lua"], "forms": {path: form, "x": 1}})
    assert state == UiState(recent=(path,), forms={path: form})
    async with opened(read_only=True, state=state) as files:
        await files.sees("deploy.lua  ops")
        values = "--agent local --values ops/deploy.values.yaml"
        line = f"$ sloth-runner run ops/deploy.lua {values} --task build --set replicas=9 --force"
        await until(lambda: files.command == line)
        await files.opens("./ops/deploy.lua")
        await files.lists(4)
        assert "r Run" not in files.app.text()
        await files.press("r")
        await until(lambda: any("--read-only" in toast for toast in files.app.toasts))
        await files.press("d")
        await until(lambda: files.asked)
        assert files.asked[0][0].check


async def test_files_are_found_by_some_letters_and_by_their_path(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SHOWN_NAMES", 20)
    (work / ".hidden.lua").write_text("-- seen when it is typed")
    (work / "many").mkdir()
    for number in range(30):
        (work / "many" / f"f{number:03}.lua").touch()
    async with opened() as files:
        rows = files.screen.query_one(FileList)
        field = files.screen.query_one("#find-file", Input)
        await files.press("slash", *"depl")
        await files.sees("hits in 46 files")
        assert [line.rstrip() for line in rows.lines[:2]] == ["ops/deploy.lua", "deploy  example"]
        await files.press("escape")
        await files.sees("▸ many")
        rows.go_to(str(work / "many"))
        await files.press("enter")
        await until(lambda: any("10 more names" in line for line in rows.lines))
        await files.press("slash")
        field.value = "f029"
        await until(lambda: rows.row is not None and rows.row.path.endswith("f029.lua"))
        field.value = "./.h"
        await files.press("enter")
        await until(lambda: files.command == "$ sloth-runner run .hidden.lua --agent local")


async def test_hostile_names_and_texts_act_on_nothing(work: Path) -> None:
    for number, text in enumerate(HOSTILE):
        name = text.replace("/", "_").replace("\0", "_")[:50]
        (work / f"{number} {name}.lua").write_text(
            f"-- {text}\ntask({{name = [==[\n{text}]==], run = print}})", "utf-8"
        )
    with open(os.path.join(os.fsencode(work), b"00\xff.lua"), "w") as file:
        file.write('task({name = "t", description = "\\27]0;x\\7[/x]", run = print})')
    (work / "00.lua").write_text("\x1b[31mred" * 400)
    (work / "values.json").write_text(
        json.dumps({text: [text] if len(text) % 2 else text for text in HOSTILE})
    )
    async with opened() as files:
        await files.sees("00\\xff.lua")
        rows = files.screen.query_one(FileList)
        rows.go_to(str(work / "00\udcff.lua"))
        await files.press("enter")
        await files.lists(1)
        assert files.command == "$ sloth-runner run $'00\\377.lua' --agent local --values values.json"
        form = files.screen.query_one(FormView)
        await files.press("V")
        for number in range(0, len(form.lines), 12):
            form.walk_to(number)
            await files.app.pilot.pause()
            assert all(line.isprintable() for line in files.app.text().split("\n"))
        await files.goes_to_row("␛[31mred")
        await files.press("enter")
        await until(lambda: isinstance(files.app.app.screen, FieldScreen))
        assert all(line.isprintable() for line in files.app.text().split("\n"))
        await files.press("escape", "tab")
        for number in range(rows.cursor, min(rows.cursor + 12, len(rows.lines))):
            rows.walk_to(number)
            await files.app.pilot.pause()
            assert all(line.isprintable() for line in files.app.text().split("\n"))


async def test_a_slow_disk_stalls_nothing_an_error_leads_to_its_line_and_a_repaired_file_is_read_again(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "_LOOK_SECONDS", 0.05)
    file = work / "broken.lua"
    file.write_text("\n" * 40 + "task({name = }\n" + "\n" * 40)
    for name in ("a", "b", "slow"):
        (work / f"{name}.lua").write_text(f"-- the text of {name}")
    go_on, read = threading.Event(), disk.read_source

    def wait(path: str) -> disk.Source:
        if path.endswith("slow.lua"):
            go_on.wait(60)
        return read(path)

    monkeypatch.setattr("sloth_tui.tui.run_screen.files.open_file.read_source", wait)
    async with opened() as files:
        rows = files.screen.query_one(FileList)
        await files.sees("slow.lua")
        rows.go_to(str(work / "slow.lua"))
        await until(lambda: "slow.lua" in str(files.screen.query_one("#file").border_title))
        rows.go_to(str(work / "b.lua"))
        await files.sees("-- the text of b")
        go_on.set()
        await files.app.at_rest(4)
        assert "-- the text of b" in files.app.text()

        await files.opens("./broken.lua")
        await files.sees("broken.lua:41:")
        await files.press("enter")
        source = files.screen.query_one(SourceView)
        await until(lambda: source.has_focus and source.cursor == 40)
        top = source.scroll_offset.y
        file.write_text("\n" * 40 + 'task({name = "fine", run = function() end})\n' + "\n" * 60)
        await until(lambda: len(source.lines) == 101)
        assert (source.cursor, source.scroll_offset.y) == (40, top)
        await files.lists(1)
        file.unlink()
        await files.sees("no such file")
        file.write_text('task({name = "again", run = function() end})\n')
        await files.sees('1 task({name = "again"')
        await files.press("T")
        await until(lambda: files.tasks() == ["· again"], what=files.app.text)


async def test_a_file_is_chosen_in_the_tree_edited_at_a_line_and_its_command_line_is_copied(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    edited: list[list[str]] = []

    def edit(_: object, command: list[str]) -> int:
        edited.append(command)
        return 0

    monkeypatch.setattr("sloth_tui.tui.external.clipboard.find_program", lambda _: ("true",))
    monkeypatch.setattr("sloth_tui.tui.external.clipboard.give", lambda _, data: copied.append(data.decode()))
    monkeypatch.setattr(programs, "_run", edit)
    monkeypatch.setenv("VISUAL", "vi")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    async with opened() as files:
        await files.sees("▸ ops")
        rows = files.screen.query_one(FileList)
        await until(lambda: any("basic-state" in line for line in rows.lines))
        rows.go_to(str(work / "ops"))
        await files.press("enter", "j")
        await files.sees("-- Deploy the shop.")
        values = "--agent local --values ops/deploy.values.yaml"
        await until(lambda: files.command == f"$ sloth-runner run ops/deploy.lua {values}")
        await files.press("enter")
        await files.lists(4)
        assert files.tasks() == [
            "· prepare   Make directories",
            "· └ build",
            "·   └ ship  @web1, web2",
            "· other",
        ]
        await files.press("j", "j", "space")
        await files.sees("1 of 4 chosen, 2 ↑ because they depend on them")
        assert [line[0] for line in files.tasks()] == ["↑", "↑", "✓", " "]
        assert files.command.endswith("--task ship")
        await files.press("a")
        await files.sees("all run · space chooses some")
        await files.press("enter")
        source = files.screen.query_one(SourceView)
        await until(lambda: source.has_focus and source.cursor == 3)
        await files.app.pilot.click("#file-tabs", offset=(24, 0))
        await until(lambda: files.screen.query_one(FormView).has_focus)
        await files.app.pilot.click("#file-list", offset=(6, rows.cursor - rows.scroll_offset.y))
        await until(lambda: rows.has_focus)
        assert files.app.app.ui_state.now.recent == (str(work / "ops" / "deploy.lua"),)

        await files.opens("./ops/deploy.lua")
        await files.lists(4)
        await files.press("S", "g", "j", "j", "E")
        assert edited == [["vi", "+3", "ops/deploy.lua"]]
        await files.press("V")
        await files.goes_to_row("db.password")
        await files.press("enter")
        await files.types("s3cret")
        await until(lambda: "db.password" in files.command)
        await files.press("c")
        await until(lambda: copied)
        assert copied == [
            "sloth-runner run ops/deploy.lua --agent local --values ops/deploy.values.yaml"
            ' --set db.password="${DB_PASSWORD:?}"'
        ]
        await until(lambda: any("first set DB_PASSWORD" in toast for toast in files.app.toasts))
