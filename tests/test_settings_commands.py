"""The user's own commands in config.toml: what is read, and what is refused, with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.agents import config_path
from sloth_tui.errors import InvalidConfig
from sloth_tui.settings import load_settings
from sloth_tui.settings_commands import OwnCommand, read_commands
from sloth_tui.tui.keymap import check_keys
from sloth_tui.tui.own_actions import offered, own_actions
from tests.cli.support import on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path


def write(base: Path, text: str) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)


def check() -> None:
    """What the terminal UI checks when it starts."""
    settings = load_settings()
    check_keys(settings, own_actions(settings))


def test_a_command_is_read_with_its_defaults(base: Path) -> None:
    write(
        base,
        "[commands.plain]\nrun = 'true'\n"
        "[commands.full]\nkey = 'X, ctrl+x'\nlabel = 'Deploy it'\non = 'key'\nrun = '''\n[ -n x ]\n'''\n"
        "confirm = true\nask = 'How many?'\noutput = 'toast'\nstdin = 'value'\nvalue = true\nsecrets = true\n"
        "reads_only = true\ntimeout = 1.5\n",
    )
    assert read_commands(load_settings()) == [
        OwnCommand("plain", "true", "plain"),
        OwnCommand(
            *("full", "[ -n x ]\n", "Deploy it", "X, ctrl+x", "key", "Deploy it?", "How many?", "toast"),
            *("value", True, True, True, 1.5),
        ),
    ]
    check()


def test_no_other_command_of_ours_reads_them(base: Path) -> None:
    write(base, "[commands.x]\nrum = 'true'\n")
    assert piped("state", "get", "none").code == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("commands = 1", "commands: must be a table"),
        ("[commands]\nx = 1", ":2: commands.x: must be a table, like [commands.x]"),
        ("[commands.'a b']\nrun = 'x'", ":1: commands.a b: a name has 1-40 of A-Z a-z 0-9 _ -"),
        ("[commands.x]\nrum = 'true'", ":2: commands.x.rum: no such setting; there are: key, label, on, run"),
        ("[commands.x]\nkey = 'X'", ":1: commands.x.run: must be a command for /bin/sh"),
        ("[commands.x]\nrun = ' '", ":2: commands.x.run: must be a command for /bin/sh"),
        ('[commands.x]\nrun = "a\\u0000b"', ":2: commands.x.run: must be a command for /bin/sh"),
        ("[commands.x]\nrun = 'a'\non = 'keys'", ":3: commands.x.on: must be one of: key, agent, lock, run"),
        (
            "[commands.x]\nrun = 'a'\noutput = 1",
            ":3: commands.x.output: must be one of: pane, toast, none, t",
        ),
        ("[commands.x]\nrun = 'a'\nlabel = ''", ":3: commands.x.label: must be non-empty text"),
        (
            "[commands.x]\nrun = 'a'\nlabel = \"a\\nb\"",
            ":3: commands.x.label: must be one line of at most 24 characters",
        ),
        ("[commands.x]\nrun = 'a'\nconfirm = 1", ":3: commands.x.confirm: must be true, false or a question"),
        ("[commands.x]\nrun = 'a'\ntimeout = 0", ":3: commands.x.timeout: must be more than 0 seconds"),
        ("[commands.x]\nrun = 'a'\nreads_only = 'no'", ":3: commands.x.reads_only: must be true or false"),
        ("[commands.x]\nrun = 'a'\nvalue = true", ':3: commands.x.value: needs on = "key"'),
        ("[commands.x]\nrun = 'a'\non = 'lock'\nstdin = 'keys'", ':4: commands.x.stdin: needs on = "key"'),
        (
            "[commands.x]\nrun = 'a'\non = 'key'\nsecrets = true",
            ":4: commands.x.secrets: needs value = true",
        ),
        (
            "[commands.x]\nrun = 'a'\noutput = 'terminal'\ntimeout = 3",
            ":4: commands.x.timeout: a command that has the terminal ends by itself",
        ),
        ("[commands.x]\nrun = 'a'\nkey = 1", ":3: commands.x.key: must be text, like 'X'"),
        ("[commands.x]\nrun = 'a'\nkey = 'foo'", ":3: commands.x.key: 'foo' is not a key"),
        ("[commands.x]\nrun = 'a'\nkey = 'j'", ":3: commands.x.key: j moves the cursor everywhere"),
        ("[commands.x]\nrun = 'a'\nkey = 'ctrl+c'", ":3: commands.x.key: ctrl+c always copies"),
        (
            "[commands.x]\nrun = 'a'\nkey = 'e'\non = 'key'",
            ":3: commands.x.key: e is the key of edit_value in Keys already; give edit_value another one",
        ),
        ("[commands.x]\nrun = 'a'\nkey = 'q'", ":3: commands.x.key: q is the key of quit already"),
        (
            "[commands.x]\nrun = 'a'\nkey = 'X'\n[commands.y]\nkey = 'X'\nrun = 'b'",
            ":5: commands.y.key: X is the key of your own command x already; give it another one",
        ),
        (
            "[commands.x]\nrun = '''\n[ -n \"$SLOTH_KEY\" ]\nkey = 'z'\n'''\nkey = 'z'",
            ":6: commands.x.key: z is the key of zoom already",
        ),
        (
            "[commands.deploy]\nrun = 'a'\n[keys]\ndeploy = 'X'",
            ":4: keys.deploy: no such action; the key of your own command is commands.deploy.key",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(base: Path, text: str, complaint: str) -> None:
    write(base, text)
    with pytest.raises(InvalidConfig) as error:
        check()
    assert error.value.message.startswith(config_path() + ":")
    assert complaint in error.value.message
    assert "\n" not in error.value.message


def test_the_key_of_another_pane_and_one_that_was_given_away_are_free(base: Path) -> None:
    write(
        base,
        "[keys]\nedit_value = 'f6'\n"
        "[commands.x]\nrun = 'a'\nkey = 'e'\non = 'key'\n[commands.y]\nrun = 'a'\nkey = 'e'\non = 'lock'\n",
    )
    check()


def test_a_mistake_ends_the_start_with_a_usage_error(base: Path) -> None:
    write(base, "[commands.x]\nrun = 'a'\nkey = 'q'\n")
    result = on_terminal("tui")
    assert result.code == 2
    assert result.err.startswith(f"error: {config_path()}:3: commands.x.key: q is the key of quit already")


def test_what_is_offered_with_read_only_and_in_a_browser(base: Path) -> None:
    write(
        base,
        "[commands.any]\nrun = 'a'\n[commands.reads]\nrun = 'a'\nreads_only = true\n"
        "[commands.takes]\nrun = 'a'\noutput = 'terminal'\nreads_only = true\n",
    )
    settings = load_settings()
    found = {
        (in_browser, read_only): sorted(offered(settings, in_browser=in_browser, read_only=read_only))
        for in_browser in (False, True)
        for read_only in (False, True)
    }
    assert found == {
        (False, False): ["own_any", "own_reads", "own_takes"],
        (False, True): ["own_reads", "own_takes"],
        (True, False): ["own_any", "own_reads"],
        (True, True): [],
    }
