"""The user's own commands in the app: found, asked about, run, seen, stopped."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from sloth_tui.settings import load_settings
from sloth_tui.store import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.help import HelpScreen
from sloth_tui.tui.dialogs.prompt import PromptScreen
from sloth_tui.tui.own_commands.screen import CommandScreen
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, HOSTILE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow

KEYS = sorted(ENTRIES)
CONFIG = """
[run]
grace = 0.2
[commands.show]
key = "X"
label = "Show"
on = "key"
run = 'printf "<%s>\\n" "$@"; echo "first $SLOTH_KEY of $SLOTH_KEY_COUNT on $SLOTH_AGENT"; exit 3'
reads_only = true
[commands.where]
key = "B"
label = "Where"
run = 'pwd -P >&2; echo "agent $SLOTH_RUNNER_AGENT"'
output = "toast"
[commands.quiet]
key = "J"
label = "Quiet"
on = "key"
value = true
stdin = "value"
run = '[ "$SLOTH_VALUE" = "$(cat)" ] && [ -n "$SLOTH_VALUE" ]'
output = "none"
[commands.asks]
key = "M"
label = "Ask"
ask = "How many?"
confirm = "Really?"
run = 'echo "answer $SLOTH_ANSWER"'
output = "toast"
[commands.waits]
key = "W"
label = "Wait"
on = "lock"
run = '''
echo "$SLOTH_LOCK of $SLOTH_HOLDER, token $SLOTH_TOKEN"
until test -e "$HOME/go"; do sleep 0.05; done
echo "said later"
sleep 1000'''
"""


@asynccontextmanager
async def commanding(base: Path, config: str = CONFIG, **options: bool) -> AsyncIterator[Driver]:
    (base / "config.toml").write_text(config)
    async with running(settings=load_settings(), **options) as app:  # type: ignore[arg-type]
        yield app


async def shown(app: Driver) -> CommandScreen:
    await until(lambda: isinstance(app.app.screen, CommandScreen))
    assert isinstance(app.app.screen, CommandScreen)
    return app.app.screen


async def test_it_is_found_acts_on_what_is_marked_goes_on_when_its_output_is_closed_and_stops_on_leaving(
    believable: Path,
) -> None:
    async with commanding(believable) as app:
        await app.sees("X Show  B Where  J Quiet  M Ask  u Undo")
        await app.press("question_mark")
        await until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.press("G")
        await app.sees("Own commands")
        await app.press("escape", "space", "space", "ctrl+p", *"show: printf")
        await app.picks('X      Show: printf "<%s>')
        await shown(app)
        await app.sees("Show · 2 keys")
        await app.sees(f"<{KEYS[0]}>")
        await app.sees(f"<{KEYS[1]}>")
        await app.sees(f"first {KEYS[0]} of 2 on local")
        await app.sees("✗ Failed with exit code 3")
        await app.press("escape", "escape", "X")
        await app.sees(f"first {KEYS[2]} of 1 on local")
        await app.sees("[ ] 2 of 2")
        await app.press("left_square_bracket")
        await app.sees("Show · 2 keys")
        await app.press("c")
        await until(lambda: any("SLOTH_COMMAND=show" in toast for toast in app.toasts))
        await app.press("escape", "O")
        await app.sees(f"Show · {KEYS[2]}")

        await app.press("escape")
        before = len(app.app.services.commands.started)
        await app.press("W")
        assert len(app.app.services.commands.started) == before
        await app.sees("4 Locks 1")
        await app.press("4", "W")
        await shown(app)
        await app.sees("deploy of task-123, token 1")
        (believable.parent / "home" / "go").touch()
        await app.sees("said later")
        await app.press("s")
        await app.sees("■ Stopped after")
        await app.press("escape", "W")
        await shown(app)
        await app.sees("s stops it")
        (waiting,) = app.app.services.commands.running
        await app.press("escape", "q")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.sees("Stop 1 command and leave?")
        await app.press("escape")
        assert waiting.running
        await app.press("q")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("right", "enter")
        await until(lambda: not app.app.is_running)
        assert not waiting.running


async def test_it_asks_what_it_is_told_to_and_a_toast_has_the_last_line_and_nothing_only_failures(
    believable: Path,
) -> None:
    async with commanding(believable) as app:
        await app.press("M")
        await until(lambda: isinstance(app.app.screen, PromptScreen))
        await app.sees("How many?")
        await app.press(*"a$(b", "enter")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.sees("Really?")
        await app.sees('$ echo "answer $SLOTH_ANSWER"')
        await app.press("escape")
        await until(lambda: not isinstance(app.app.screen, ConfirmScreen))
        assert app.app.services.commands.started == []
        await app.press("M")
        await until(lambda: isinstance(app.app.screen, PromptScreen))
        await app.press(*"a$(b", "enter")
        await until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("right", "enter")
        await until(lambda: "answer a$(b" in app.toasts)

        await app.press("B")
        await until(lambda: "agent local" in app.toasts)
        await app.goes_to("deployment:version")
        await app.press("J")
        await until(lambda: [command.exit_code for command in app.app.services.commands.started] == [0] * 3)
        await app.goes_to(KEYS[0])
        await app.press("J")
        await until(lambda: any("Quiet may not have its value\nsecrets = true" in t for t in app.toasts))
        await app.press("O")
        await shown(app)
        await app.press("left_square_bracket")
        await app.sees("agent local")
        assert len(app.toasts) == 3


async def test_read_only_offers_what_only_reads(believable: Path) -> None:
    async with commanding(believable, read_only=True) as app:
        await app.sees("X Show")
        assert "B Where" not in app.text()
        await app.press("B")
        app.browser.perform("own_show")
        await shown(app)
        await app.sees("Failed with exit code 3")
        assert [one.handed.command.name for one in app.app.services.commands.started] == ["show"]


async def test_hostile_keys_reach_a_command_and_the_screen_unharmed(base: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many(dict.fromkeys(HOSTILE, 1))
    async with commanding(
        base, "[commands.x]\nkey = 'X'\non = 'key'\nrun = 'printf \"%s\\n\" \"$@\"'\n"
    ) as app:
        await app.press("asterisk", "X")
        await shown(app)
        await app.sees(f"{len(HOSTILE)} keys")
        await app.sees("✓ Done")
        await app.press("g")
        assert not any(
            ord(character) < 32 or 0x7F <= ord(character) < 0xA0
            for character in app.text()
            if character != "\n"
        )


async def test_keys_of_encrypted_agents_are_not_handed_on(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_KEY", "env:OF_THE_STORE")
    monkeypatch.setenv("OF_THE_STORE", "0123456789abcdef" * 4)
    text = "[commands.env]\nkey = 'X'\nrun = 'env | grep OF_THE_STORE'\n"
    async with commanding(believable, text) as app:
        await app.press("X")
        await shown(app)
        await app.sees("SLOTH_RUNNER_KEY=env:OF_THE_STORE")
        await app.sees("✓ Done")
        assert "0123456789abcdef" not in app.text()
