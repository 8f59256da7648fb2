"""Lines to paste are read back by a shell as the words they were made of."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.errors import SlothError
from sloth_tui.tui.external.command_lines import format_command, format_get, format_set, quote
from sloth_tui.values.render import as_object, as_printed
from tests.strategies import WITHOUT_NUL
from tests.support import rounds
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from sloth_tui.model import Value

_TEXT = st.text(WITHOUT_NUL)
_ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def read_by_shell(words: str) -> list[str]:
    program = f"for word in {words}; do printf '%s\\0' \"$word\"; done"
    out = subprocess.run(["bash", "-c", program], stdout=subprocess.PIPE, check=True).stdout
    return out.decode().split("\0")[:-1]


@pytest.mark.slow
@settings(max_examples=rounds(5, 500))
@given(st.lists(_TEXT, min_size=40, max_size=60))
def test_a_shell_reads_back_what_was_quoted(words: list[str]) -> None:
    line = " ".join(map(quote, words))
    assert _ACTS.search(line) is None
    assert read_by_shell(line) == words


def test_hostile_words_are_one_harmless_line() -> None:
    line = " ".join(map(quote, HOSTILE))
    assert _ACTS.search(line) is None
    assert read_by_shell(line) == list(HOSTILE)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("v1", "sloth-runner state set --agent local k v1"),
        ("", "sloth-runner state set --agent local k ''"),
        ("-x", "sloth-runner state set --agent local -- k -x"),
        ("it's", "sloth-runner state set --agent local k 'it'\"'\"'s'"),
        ("a\nb", r"sloth-runner state set --agent local k $'a\012b'"),
        (12, "sloth-runner state set --type integer --agent local k 12"),
        (-1, "sloth-runner state set --type integer --agent local -- k -1"),
        (0.5, "sloth-runner state set --type float --agent local k 0.5"),
        (True, "sloth-runner state set --type boolean --agent local k true"),
        ({"a": [1, None]}, "sloth-runner state set --type table --agent local k '{\"a\":[1,null]}'"),
        ("-", "printf %s LQ== | base64 -d | sloth-runner state set --agent local k -"),
        (b"\0\xff", "printf %s AP8= | base64 -d | sloth-runner state set --type bytes --agent local k -"),
    ],
)
def test_every_type_of_value_has_its_line(value: Value, line: str) -> None:
    assert format_set("local", "k", value) == line


def test_keys_may_begin_with_a_dash() -> None:
    assert format_get("local", ["-n", "a b"]) == "sloth-runner state get --agent local -- -n 'a b'"
    assert format_command("state", "list", agent="web") == "sloth-runner state list --agent web"


def test_what_no_command_line_can_hold_is_said() -> None:
    for value in ("x" * 200_000, b"\xff" * 200_000):
        with pytest.raises(SlothError, match="too long for a command line"):
            format_set("local", "k", value)


def test_values_to_the_letter() -> None:
    assert as_printed("a\x1b") == "a\x1b"
    assert as_printed(b"\xff\x00") == "ff 00"
    assert as_printed({"ä": 1.5}) == '{"ä":1.5}'
    assert as_object({"a": 1, "b": b"\xff"}) == '{\n  "a": 1,\n  "b": {\n    "base64": "/w=="\n  }\n}'
