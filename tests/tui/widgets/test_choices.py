"""Long lists: what one option says is changed without work on all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.content import Content
from textual.widgets.option_list import Option

from sloth_tui.tui.widgets.choices import Choices
from tests.tui.driving import until

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult
    from textual.visual import Visual

_MANY = 1000


class _Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Choices(*(Option(Content(f"option {number}"), id=str(number)) for number in range(_MANY)))


def _shown(choices: Choices) -> list[str]:
    return [choices.render_line(y).text.strip() for y in range(5)]


async def test_the_others_are_laid_out_again_only_where_lines_come_or_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = _Host()
    async with host.run_test(size=(40, 12)) as pilot:
        choices = host.query_one(Choices)
        await until(lambda: _shown(choices) == [f"option {number}" for number in range(5)])
        touched: set[str | None] = set()
        plain = Choices._get_visual

        def note(choices: Choices, option: Option) -> Visual:
            touched.add(option.id)
            return plain(choices, option)

        monkeypatch.setattr(Choices, "_get_visual", note)
        await pilot.pause()
        while touched:  # the first layout is under way
            touched.clear()
            await pilot.pause()
        choices.replace_option_prompt_at_index(1, Content("another"))
        await pilot.pause()
        assert _shown(choices) == ["option 0", "another", "option 2", "option 3", "option 4"]
        assert "1" in touched
        assert touched <= {str(number) for number in range(12)}
        choices.replace_option_prompt_at_index(1, Content("two\nlines"))
        await pilot.pause()
        assert _shown(choices) == ["option 0", "two", "lines", "option 2", "option 3"]
        choices.replace_option_prompt_at_index(1, Content("one"))
        choices.replace_option_prompt_at_index(_MANY - 1, Content("the last"))
        await pilot.pause()
        assert _shown(choices) == ["option 0", "one", "option 2", "option 3", "option 4"]
        choices.action_last()
        await pilot.pause()
        lines = [choices.render_line(y).text.strip() for y in range(choices.size.height)]
        assert "the last" in lines
