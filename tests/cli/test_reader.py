"""The quick reader may give up whenever it likes, but what it accepts argparse reads the same way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.cli.output.stdout import Output
from sloth_tui.cli.parsing import registry
from sloth_tui.cli.parsing.fast import read_plainly
from sloth_tui.cli.parsing.parser import read
from tests.strategies import CHARACTERS
from tests.support import rounds

_COMMANDS = [registry.load(path) for path in registry.paths()]
_WORDS = [
    "",
    "-",
    "key",
    "5",
    "-5",
    "1.5",
    "a=b",
    "-key",
    "--",
    "--nothing",
    "-o=json",
    "with space",
    "-a b",
    "é",
]
_VALUES = ["json", "table", "text", "local", "-1", "3", "", "-", "string", "bash"]


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[tuple[str, ...], list[str]]:
    """A command and words for it: mostly its own options, with values that fit or do not."""
    command = draw(st.sampled_from(_COMMANDS))
    flags = [flag for option in command.options for flag in option.flags]
    flag = st.sampled_from(flags)
    value = st.sampled_from(_VALUES)
    piece = st.one_of(
        st.sampled_from(_WORDS).map(lambda word: [word]),
        st.text(CHARACTERS, max_size=5).map(lambda word: [word]),
        flag.map(lambda name: [name]),
        st.tuples(flag, value).map(list),
        st.tuples(flag, value).map(lambda pair: ["=".join(pair)]),
    )
    pieces = draw(st.lists(piece, max_size=5))
    words = [word for piece in pieces for word in piece]
    # argparse of some Pythons drops every --; by POSIX the second one is an argument.
    return command.path, words if words.count("--") < 2 else [word for word in words if word != "--"]


@pytest.mark.slow
@settings(max_examples=rounds(60, 6000))
@given(command_lines())
def test_what_it_accepts_argparse_reads_the_same_way(line: tuple[tuple[str, ...], list[str]]) -> None:
    path, words = line
    command = registry.load(path)
    quick = read_plainly(command, words)
    if quick is not None:
        slow = read(command, words, Output())
        assert slow is not None
        assert vars(quick) == vars(slow)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("state get a b", {"keys": ["a", "b"], "agent": None, "store": None, "raw": False, "debug": False}),
        (
            "state get a --raw b -a x",
            {"keys": ["a", "b"], "agent": "x", "store": None, "raw": True, "debug": False},
        ),
        (
            "state get -- -a --",
            {"keys": ["-a", "--"], "agent": None, "store": None, "raw": False, "debug": False},
        ),
        (
            "state list -o json",
            {"prefix": "", "at": None, "output": "json", "agent": None, "store": None, "debug": False},
        ),
        (
            "state list --output=json p",
            {"prefix": "p", "at": None, "output": "json", "agent": None, "store": None, "debug": False},
        ),
        ("state increment n 2.5", {"key": "n", "by": 2.5, "agent": None, "store": None, "debug": False}),
    ],
)
def test_it_reads_what_scripts_write(line: str, expected: dict[str, object]) -> None:
    group, name, *words = line.split()
    arguments = read_plainly(registry.load((group, name)), words)
    assert arguments is not None
    assert vars(arguments) == expected


@pytest.mark.parametrize(
    "words",
    [["--help"], ["-h"], ["--agen", "x", "k"], ["-ax", "k"], ["k", "--agent"], [], ["k", "--raw=1"], ["-5"]],
)
def test_it_leaves_what_is_not_plain_to_argparse(words: list[str]) -> None:
    assert read_plainly(registry.load(("state", "get")), words) is None


def test_the_registry_and_the_declarations_name_the_same_commands() -> None:
    assert [command.path for command in _COMMANDS] == registry.paths()
    for group in registry.GROUPS:
        assert registry.children((group,))
