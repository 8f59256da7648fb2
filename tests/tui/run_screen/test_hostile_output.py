"""Output that attacks: on screen is text in colours, and nothing that acts on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner import events
from sloth_tui.tui.run_screen.output.painted import LONGEST
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from tests.tui.run_screen.output import add_events, inspect, out, showing
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


async def test_hostile_output_names_values_and_errors(believable: Path) -> None:
    buffer = OutputBuffer()
    add_events(buffer, [events.RunStarted("cafe", HOSTILE[0], "local", list(HOSTILE), 0.0)])
    for text in HOSTILE:
        add_events(
            buffer,
            [
                events.TaskStarted(text, 0.0, text),
                events.TaskOutput(text, "stdout", text, text),
                events.TaskOutput(text, "stderr", f"\x1b[31m{text}", text, True),
                events.KeyChanged(text, text, text, [text], 1, host=text),
                events.Resource(text, text, "file", text, True, False, [text], f"+{text}\n-{text}"),
                events.Warned(text, text, text),
                events.TaskFinished(text, "failed", 1.0, 1, f"x.lua:1: {text}", text, text),
            ],
        )
    add_events(buffer, [events.RunFinished("cafe", "error", 1, 1.0, HOSTILE[0], HOSTILE[1])])
    async with showing(buffer, size=(100, 36)) as output:
        await output.app.press("g")
        seen = ""
        while not output.lines.paging.follows:
            rows = output.rows()
            inspect("\n".join(rows))
            seen += "".join(rows)
            output.lines.action_walk_page(1)
        assert "[@click=app.quit]click[/]" in seen
        for text in (HOSTILE[1], HOSTILE[20]):
            output.view.show_only(text, text)
            inspect(output.app.text().replace("\n", ""))
        await output.app.press("c")
        await output.app.pilot.pause()
        inspect(output.app.text().replace("\n", ""))


async def test_styles_end_with_their_line_and_bombs_of_escapes_are_drawn_in_bounds(believable: Path) -> None:
    buffer = OutputBuffer()
    buffer.add([out("\x1b[1;31;44mred"), out("plain"), out("\x1b[7mreverse", host="b"), out("plain")])
    grounds = ("38;2;15;20;22", "30;40", "37;47", "48;2;217;225;226")
    buffer.add([out(f"\x1b[{codes}mtext") for codes in grounds])
    buffer.add([out("last")])
    async with showing(buffer) as output:
        for y, plain in enumerate((False, True, False, True)):
            styles = [segment.style for segment in output.lines.render_line(y) if segment.style]
            assert any(style.bold or style.reverse for style in styles) != plain
        for y in range(4, 8):
            segment = next(one for one in output.lines.render_line(y) if one.text == "text")
            assert segment.style is not None
            front, back = segment.style.color, segment.style.bgcolor
            assert front is not None
            assert back is not None
            pair = zip(front.get_truecolor(), back.get_truecolor(), strict=True)
            assert sum(abs(one - other) for one, other in pair) >= 96

        mebibyte = 1024 * 1024
        bombs = [
            "\x1b[1m" * (10 * mebibyte // 4),
            "\x1b[31mx\x1b[0m" * 100_000,
            "\x1b[" + "1;" * 1_000_000 + "mafter",
            "\x1b]" * 100_000,
            "a" * mebibyte,
            "世\u0301" * 100_000,
        ]
        buffer = OutputBuffer()
        output.view.show(buffer)
        for wraps in (True, False):
            output.lines.wrap(wraps=wraps)
            for bomb in bombs:
                buffer.add([out(bomb), out("last")])
                output.view.grow()
                assert output.shown()[-1] == "last"
                inspect("\n".join(output.rows()))
        drawn = sum(len(painted.text) for painted, _ in output.lines.cache.lines.values())
        assert drawn <= mebibyte + LONGEST
        await output.app.press("w", "G", "up", "pageup")
        inspect("\n".join(output.rows()))
