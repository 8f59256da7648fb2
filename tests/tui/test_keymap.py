"""Other keys by configuration: what is read, what is refused and where, and that everything follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import CommandPalette

from sloth_tui.agents import config_path
from sloth_tui.errors import InvalidConfig
from sloth_tui.settings import Settings, load_settings
from sloth_tui.settings_checks import line_of
from sloth_tui.tui.actions import ALL_ACTIONS, MOTIONS, by_id
from sloth_tui.tui.app import SlothApp
from sloth_tui.tui.dialogs.help import HelpScreen
from sloth_tui.tui.keymap import check_keys, read_key, read_keys
from tests.cli.support import on_terminal
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path


def write(base: Path, text: str) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("e", ["e"]),
        ("E", ["E"]),
        ("shift+e", ["E"]),
        ("e, ctrl+E,f5", ["e", "ctrl+e", "f5"]),
        ("/", ["slash"]),
        ("?", ["question_mark"]),
        (",", ["comma"]),
        ("+", ["plus"]),
        ("ctrl+/", ["ctrl+slash"]),
        ("esc,Space,PgUp", ["escape", "space", "pageup"]),
        ("alt+shift+left", ["alt+shift+left"]),
        ("ctrl+i", ["tab"]),
        ("left_curly_bracket", ["left_curly_bracket"]),
        ("é", ["é"]),
        ("e,e", ["e"]),
        ("", []),
    ],
)
def test_keys_are_read(written: str, keys: list[str]) -> None:
    assert read_keys(written) == keys


@pytest.mark.parametrize(
    "written", ["foo", "ctlr+e", "e,,f", "ctrl+", "ctrl+foo", " x y", "\x1b", "e+", "any"]
)
def test_what_is_not_a_key_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        read_keys(written)


@pytest.mark.slow
@given(st.text(max_size=12))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    try:
        found = read_key(text)
    except ValueError:
        return
    assert found.isprintable()
    assert "," not in found
    assert " " not in found


def test_keys_of_the_registry_are_read_as_they_are() -> None:
    for action in ALL_ACTIONS:
        assert ",".join(read_keys(action.key)) == action.key
    for keys, _ in MOTIONS:
        assert ",".join(read_keys(keys)) == keys


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[keys]\nzom = 'Z'", ":2: keys.zom: no such action; did you mean zoom?"),
        ("[keys]\n\n# zoom = 1\nzoom = 'foo'", ":4: keys.zoom: 'foo' is not a key"),
        ("[keys]\nquit = 'Q'\n'zoom' = 'e'", ":3: keys.zoom: e is the key of edit_value in Keys already"),
        ("[keys]\nzoom = 'Q'\nquit = 'Q'", ":3: keys.quit: Q is the key of zoom already; give zoom another"),
        ("keys.zoom = 'ctrl+c'", ":1: keys.zoom: ctrl+c always copies the text that is selected"),
        ("keys.zoom = 'j'", ":1: keys.zoom: j moves the cursor everywhere"),
        ("[tui]\n[ keys ]\npalette = ''", ":3: keys.palette: the palette needs a key"),
        ("keys = {zoom = 'e'}", ":1: keys.zoom: e is the key"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(base: Path, text: str, complaint: str) -> None:
    write(base, text)
    with pytest.raises(InvalidConfig) as error:
        check_keys(load_settings())
    assert error.value.message.startswith(config_path() + complaint)
    assert "\n" not in error.value.message


def test_keys_may_change_places_and_be_the_same_in_different_panes(base: Path) -> None:
    write(base, "[keys]\nzoom = 'e'\nedit_value = 'z'\nbreak_lock = 'd'\nclear_prefix = ''")
    assert check_keys(load_settings()) == {
        "zoom": "e",
        "edit_value": "z",
        "break_lock": "d",
        "clear_prefix": "",
    }


def test_the_line_of_a_setting() -> None:
    text = 'agent = "x"\n[agents.web]\nssh = "a=b"\n[keys]\n"zoom" = "e"\n'
    assert line_of(text, "agent") == 1
    assert line_of(text, "agents.web.ssh") == 3
    assert line_of(text, "keys.zoom") == 5
    assert line_of(text, "keys.other") == 4


def test_a_mistake_ends_the_start_with_a_usage_error(base: Path) -> None:
    write(base, "[keys]\nzoom = 'e'\n")
    result = on_terminal("tui")
    assert result.code == 2
    assert result.err.startswith(f"error: {config_path()}:2: keys.zoom: e is the key of edit_value")


@pytest.mark.slow
async def test_everything_follows(believable: Path) -> None:
    write(believable, "[keys]\nzoom = 'Z'\nedit_value = 'f6'\nhelp = 'h1'\n".replace("h1", "f2"))
    settings = load_settings()
    settings.keys |= {"palette": "ctrl+k", "copy_key": "ctrl+y,w"}
    async with running(settings=settings) as app:
        await app.sees("f6 Edit")
        await app.sees("^k Palette")
        await app.press("z")
        assert not app.browser.context.panes.zoomed
        await app.press("Z")
        assert app.browser.context.panes.zoomed
        await app.press("Z", "question_mark")
        await app.press("w")
        await app.sees("copied the key")
        await app.press("f2")
        await until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.sees("f6       Edit the value of this key")
        await app.press("f2", "ctrl+p")
        assert not isinstance(app.app.screen, CommandPalette | HelpScreen)
        await app.press("ctrl+k")
        await until(lambda: isinstance(app.app.screen, CommandPalette))
        await app.press(*"zoo")
        await app.picks("Z      Give this pane the screen")
        await until(lambda: app.browser.context.panes.zoomed)
    assert by_id("zoom").key == "Z"
    SlothApp("local", Settings(), read_only=True)
    assert by_id("zoom").key == "z"
