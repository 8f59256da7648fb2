"""The output of a run as a person reads it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.events import Key
from textual.widgets import Input

from sloth_tui.errors import RunNotFound
from sloth_tui.runner import events
from sloth_tui.runs.folder import RunFolder
from sloth_tui.runs.model import Run
from sloth_tui.runs.recording import Recorder
from sloth_tui.settings import Settings
from sloth_tui.tui.browser.screen import BrowserScreen
from sloth_tui.tui.run_screen.output.find_bar import FindBar
from sloth_tui.tui.run_screen.screen import RunScreen
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.services.run_output.whole import whole_output
from tests.tui.driving import until
from tests.tui.run_screen.output import add_events, filled, out, showing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


async def test_it_follows_until_the_cursor_goes_up_and_the_search_goes_from_place_to_place(
    believable: Path,
) -> None:
    buffer = filled(100)
    async with showing(buffer) as output:
        assert output.shown()[-1] == "line 100"
        filled(50, buffer)
        output.view.grow()
        assert output.shown()[-1] == "line 150"
        await output.app.press("up", "up")
        before = output.shown()
        assert output.cursor == "line 148"
        filled(500, buffer)
        output.view.grow()
        assert output.shown() == before
        await output.app.sees("paused at 148")
        await output.app.press("G")
        assert output.shown()[-1] == "line 650"
        await output.app.sees("following")
        await output.app.press("p")
        filled(1, buffer)
        output.view.grow()
        assert output.shown()[-1] == "line 650"
        await output.app.press("p")
        assert output.shown()[-1] == "line 651"
        await output.app.press("g")
        assert output.shown()[0] == "line 1"
        await output.app.press("pagedown", "j")
        height = output.lines.size.height
        assert output.cursor == f"line {2 * height}"
        await output.app.press("pageup", "pageup")
        assert output.shown()[0] == "line 1"

        output.view.show(filled(2000))
        await output.app.press("g", "slash", *"77", "enter")
        await until(lambda: output.cursor == "line 77")
        await output.app.press("n")
        await until(lambda: output.cursor == "line 177")
        row = output.lines.render_line(output.shown().index("line 177"))
        assert [segment.text for segment in row if segment.style and segment.style.bgcolor][:1] != []
        await output.app.press("N", "N")
        await until(lambda: output.cursor == "line 1977")
        await output.app.press("n")
        await until(lambda: output.cursor == "line 77")
        # As fast as a terminal hands them over.
        for key, character in (("slash", "/"), *((digit, digit) for digit in "1501"), ("enter", "\r")):
            output.app.app.post_message(Key(key, character))
        await until(lambda: output.cursor == "line 1501")
        await output.app.press("slash", "escape", "slash", *"nowhere", "enter")
        await until(lambda: "not found" in output.app.toasts)
        assert output.cursor == "line 1501"


async def test_lines_beyond_the_bound_progress_lines_and_single_tasks(believable: Path) -> None:
    buffer = OutputBuffer(max_lines=100)
    add_events(buffer, [events.RunStarted("cafe", "/w/x.lua", "local", ["t"], 0.0)])
    filled(1300, buffer)
    async with showing(buffer, size=(100, 24)) as output:
        await output.app.sees(
            "… 1,201 earlier lines are in the file: | shows all, and so does sloth-runner runs output cafe"
        )
        await output.app.press("g")
        assert output.shown()[0] == "line 1202"
        filled(3000, buffer)
        output.view.grow()
        assert output.shown()[0] == f"line {buffer.first + 1}"

        buffer = filled(3)
        output.view.show(buffer)
        await output.app.loses("…")
        for percent in (10, 20):
            buffer.add([out(f"\x1b[K{percent} %\r", partial=True)])
            output.view.grow()
            assert output.shown()[-2:] == ["line 3", f"{percent} %"]
        buffer.add([out("other", host="b"), out("0 %\r99 %\r100 %\r")])
        output.view.grow()
        assert output.shown()[-3:] == ["line 3", "100 %", "b | other"]

        buffer = OutputBuffer()
        add_events(buffer, [events.TaskStarted("web", 0.0, "a"), events.TaskStarted("web", 0.0, "b")])
        buffer.add(
            [out("one", task="web", host="a"), out("two", task="web", host="b"), out("three", task="db")]
        )
        output.view.show(buffer)
        output.view.show_only("web", "b")
        assert output.shown() == ["task web on b", "b | two"]
        await output.app.sees("2 of 5 lines · task web on b")
        output.view.show_only("web")
        assert len(output.shown()) == 4
        output.view.show_only(None)
        assert len(output.shown()) == 5
        for text in ("half", "whole"):
            buffer.add([out(text, partial=True)])
            output.view.grow()
            assert output.shown()[-1] == text


async def test_long_lines_are_cut_or_wrap_and_the_filter_leaves_only_lines_with_the_text(
    believable: Path,
) -> None:
    text = "".join(f"{number:09} " for number in range(100))
    buffer = filled(2)
    buffer.add([out(text), out("世" * 100), out("e\u0301" * 100)])
    async with showing(buffer) as output:
        await output.app.press("w")
        assert output.rows()[2].endswith("…")
        assert output.rows()[3].endswith("…")
        await output.app.press("right")
        assert output.rows()[2].startswith("003 000000004")
        await output.app.press("left", "w")
        shown = "".join(output.rows())
        assert shown.count("世") == 100
        assert shown.count("e\u0301") == 100
        await output.app.press("g")
        assert output.rows()[0].strip() == "line 1"
        assert "000000099" in "".join(output.rows())

        buffer = filled(1)
        buffer.add([out("x" * 2000 + "end"), out("after")])
        output.view.show(buffer)
        await output.app.press("g")
        seen: list[str] = []
        while output.cursor != "after" and len(seen) < 2000:
            await output.app.press("down")
            seen += output.shown()
        assert any(row.endswith("end") for row in seen)
        assert output.cursor == "after"

        buffer = filled(5000)
        output.view.show(buffer)
        await output.app.press("ampersand", *"e 49")
        await until(lambda: output.lines.paging.selection.count == 111)
        assert output.shown()[-2:] == ["line 4998", "line 4999"]
        await output.app.press("enter")
        await output.app.sees("111 of 5,000 lines · with 'e 49'")
        buffer.add([out("\x1b[1mline\x1b[0m 49"), out("other"), out("line", partial=True)])
        output.view.grow()
        assert output.shown()[-1] == "line 49"
        buffer.add([out("line 495")])
        output.view.grow()
        assert output.shown()[-1] == "line 495"
        await output.app.press("up")
        assert output.cursor.endswith("49")
        await output.app.press("ampersand", "escape")
        await until(lambda: output.lines.paging.selection.count == 5003)
        assert output.cursor.endswith("49")
        await output.app.press("ampersand", *"!li", "enter", "G")
        await until(lambda: output.shown() == ["other"], what=output.app.text)
        await output.app.press("ampersand", "escape", "ampersand", "ctrl+r", *"1.3$", "enter")
        await until(lambda: output.lines.paging.selection.count == 50)
        await output.app.press("g")
        assert output.shown()[:2] == ["line 103", "line 113"]

        buffer = OutputBuffer()
        buffer.add([out("a" * 5000), out("last")])
        output.view.show(buffer)
        await output.app.press("ampersand", "ctrl+r", *"(a*)*b")
        await until(lambda: any("takes too long" in toast for toast in output.app.toasts))
        await until(lambda: output.shown()[-1] == "last")
        await output.app.press("escape", "ampersand", "ctrl+r", "left_parenthesis")
        await output.app.sees("no regular expression")


async def test_the_filter_is_typed_in_again_before_it_was_left(believable: Path) -> None:
    """The keys that leave it and come back are faster than what was typed in it."""
    async with showing(filled(100)) as output:
        await output.app.press("ampersand")
        field = output.app.app.screen.query_one(FindBar).query_one(Input)
        held = asyncio.Event()
        field.call_later(held.wait)
        for key in ("7", "enter", "ampersand", "0"):
            output.app.app.simulate_key(key)
        await until(lambda: output.app.app.screen.focused is field)
        held.set()
        await output.app.sees("& 70")
        await output.app.press("enter")
        await until(lambda: output.shown() == ["line 70"])


async def test_lines_are_copied_without_colours_and_lead_to_what_was_changed_and_to_errors(
    believable: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    settings = Settings(copy_command=("sh", "-c", f"cat > {copied}"))
    buffer = OutputBuffer()
    buffer.add([out("\x1b[31mred\x1b[0m 世"), out("second", host="b"), out("third")])
    async with showing(buffer, settings=settings) as output:
        await output.app.press("g", "y")
        await until(lambda: "copied the line" in output.app.toasts)
        assert copied.read_text() == "red 世"
        await output.app.press("ampersand", *"d", "enter", "Y")
        await until(lambda: "copied 3 lines" in output.app.toasts)
        assert copied.read_text() == "  red 世\n  b | second\n  third\n"
        await output.app.press("ampersand", "escape", "G")

        buffer = OutputBuffer()
        add_events(
            buffer,
            [
                events.RunStarted("cafe", "/w/x.lua", "local", ["t"], 0.0),
                events.KeyChanged("t", "deployment:count", 1, 2, 5),
                events.Resource("t", "local", "file", "/etc/x", True, False, ["content"]),
                events.TaskFinished("t", "failed", 0.5, 1, "x.lua:12: no", None),
            ],
        )
        output.view.show(buffer)
        screen = output.app.app.screen
        assert isinstance(screen, RunScreen)
        await output.app.press("enter")
        await until(lambda: screen.current == "files")
        await output.app.sees("'/w/x.lua': no such file")
        await output.app.press("2", "c")
        await output.app.sees("deployment:count: 1 → 2")
        await output.app.sees("file /etc/x: content")
        await output.app.press("c")
        assert output.shown()[-1].startswith("failed in 0.5s")
        await output.app.press("c", "enter")
        await until(lambda: output.app.table.key == "deployment:count")
        assert isinstance(output.app.app.screen, BrowserScreen)


def test_all_of_the_output_is_read_from_the_file(base: Path) -> None:
    run = Run("c" * 12, "/w/x.lua", "local", None, False, (), "run x.lua", "", "/w", 0.0)
    folder = RunFolder.create(str(base), run)
    recorder = Recorder(folder, run, lambda key: False)
    for number in range(30_000):
        recorder.take(events.TaskOutput("t", "stdout", f"\x1b[32mline\x1b[0m {number}\x1b[2J"))
    recorder.take(events.TaskOutput("t", "stdout", "half", None, True))
    recorder.take(events.TaskOutput("t", "stdout", "whole"))
    recorder.take(events.RunFinished(run.id, "done", 0, 1.5, None, None))
    folder.close()

    lines = "".join(whole_output(run.id, lambda key: False)).splitlines()
    assert lines[:2] == ["  line 0", "  line 1"]
    assert lines[29_999:] == ["  line 29999", "  whole", "run done in 1.5s"]
    with pytest.raises(RunNotFound):
        whole_output("d" * 12, lambda key: False)
