"""What is handed to a command: data, never text that a shell reads."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.agents import config_path
from sloth_tui.errors import UsageError
from sloth_tui.model import Lock, Owner
from sloth_tui.settings_commands import OwnCommand
from sloth_tui.tui.services.commands.handing import Chosen, chosen_keys, chosen_lock, hand_over
from tests.tui.services.commands.support import commands, ended, handed, printed, result
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

ATTACKS = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    "\n touch pwned \n",
    "-exec touch pwned",
    "--help",
    "${IFS}touch${IFS}pwned",
    "&& touch pwned",
    "| touch pwned",
    "\\\ntouch pwned",
    "a\udcffb",
    " ",
    "*",
    "~",
)
PRINT = (
    """printf '%s\\0' "$@" "$SLOTH_KEY" "$SLOTH_KEY_COUNT" "$SLOTH_ANSWER" "$SLOTH_VALUE" "$0" """
    "| od -An -v -tx1"
)


def test_no_data_is_ever_read_by_the_shell(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.listdir(tmp_path)
    keys = [*ATTACKS, *(text for text in HOSTILE if "\0" not in text)]
    command = OwnCommand("deploy", PRINT, "Deploy", on="key", value=True)
    started = commands()
    for first in ATTACKS:
        value = first.encode("utf-8", "surrogateescape")
        given = hand_over(
            command, chosen_keys([first, *keys]), agent="local", store=None, answer=first, value=value
        )
        ran = ended(started.start(given))
        assert ran.exit_code == 0
        got = bytes.fromhex("".join(printed(ran))).split(b"\0")[:-1]
        told = [word.decode("utf-8", "surrogateescape") for word in got]
        assert told == [first, *keys, first, str(len(keys) + 1), first, first, "deploy"]
    assert os.listdir(tmp_path) == before


def test_keys_are_listed_one_a_line_but_not_if_one_holds_a_line_feed(base: Path) -> None:
    assert result('echo "$SLOTH_KEYS"; echo "$SLOTH_KEY_COUNT"', ["a", "b c"]) == (0, ["a", "b c", "2"])
    assert result('env | grep -c "^SLOTH_KEY[S]="', ["a", "b\nc"]) == (1, ["0"])
    with pytest.raises(
        UsageError, match=r"the key b␊c holds a line feed, so SLOTH_KEYS cannot list it"
    ) as error:
        handed('echo "$SLOTH_KEYS"', ["a", "b\nc"])
    assert error.value.hint == '"$@" in its place has every key as it is'


def test_stdin_takes_keys_and_values_of_any_size_and_kind(base: Path) -> None:
    keys = [f"{number:06}\n{'k' * 30}" for number in range(100_000)]
    count = sum(len(key) + 1 for key in keys)
    assert result('wc -c; echo "$#"', keys, stdin="keys") == (0, [str(count), "0"])
    assert result("wc -c", value=bytes(range(256)) * 8192, stdin="value") == (0, [str(256 * 8192)])
    assert result("exec <&-; echo done", value=b"x" * 1_000_000, stdin="value") == (0, ["done"])
    assert result("cat") == (0, [])


def test_what_no_environment_can_hold_is_refused_in_one_line(base: Path) -> None:
    with pytest.raises(UsageError, match="SLOTH_VALUE would hold NUL, which cannot be handed") as error:
        hand_over(
            OwnCommand("x", "true", "X", on="key", value=True),
            chosen_keys(["a"]),
            agent="local",
            store=None,
            value=b"a\0b",
        )
    assert error.value.hint == 'stdin = "value" hands any value over'
    with pytest.raises(UsageError, match="its words would hold half a character"):
        hand_over(OwnCommand("x", "true", "X"), Chosen(("a\ud800",), {}), agent="local", store=None)
    with pytest.raises(UsageError, match=r"3,000 keys, 11\.5 MiB, is more than the system hands") as error:
        commands().start(handed("true", [f"{number:04}{'k' * 2000}" for number in range(3000)]))
    assert error.value.hint == 'stdin = "keys" takes any number of them'


def test_nothing_that_does_not_apply_is_inherited(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_LOCK", "of another command")
    monkeypatch.setenv("OTHER", "stays")
    lock = Lock("deploy", "me", 7, None, 0.0, 1.0, Owner("web1", 42, 1, "boot"), ephemeral=True, alive=True)
    code, lines = result("env")
    names = dict(line.partition("=")[::2] for line in lines if "=" in line)
    ours = {
        name: text
        for name, text in names.items()
        if name.startswith("SLOTH_") and name != "SLOTH_RUNNER_HOME"
    }
    assert code == 0
    assert names["OTHER"] == "stays"
    assert ours == {
        "SLOTH_COMMAND": "deploy",
        "SLOTH_AGENT": "local",
        "SLOTH_STORE": "files",
        "SLOTH_CONFIG": config_path(),
        "SLOTH_RUNNER_AGENT": "local",
        "SLOTH_RUNNER_STORE": "files",
        "SLOTH_KEY": "a",
        "SLOTH_KEYS": "a",
        "SLOTH_KEY_COUNT": "1",
    }
    assert json.loads(json.dumps(dict(chosen_lock(lock, "0123456789ab").variables))) == {
        "SLOTH_LOCK": "deploy",
        "SLOTH_HOLDER": "me",
        "SLOTH_TOKEN": "7",
        "SLOTH_LOCK_HOST": "web1",
        "SLOTH_LOCK_PID": "42",
        "SLOTH_RUN": "0123456789ab",
    }
