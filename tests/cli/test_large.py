"""Values as large as they may be: what is shown of them costs no more than it has to."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.cli.output import columns
from sloth_tui.store import open_store
from sloth_tui.text import display_pieces, display_text
from tests.cli.support import final_screen, on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value

pytestmark = pytest.mark.slow

MEBI = 1 << 20
_VALUE = 8 * MEBI
_DATA = 80 * MEBI
"""Bytes of memory that are enough for one value of 8 MiB, some copies of it, and the program."""


def store_values(**values: Value) -> None:
    with open_store("local", "write") as store:
        for name, value in values.items():
            store.set(name, value)


@pytest.mark.parametrize("words", ["state list", "state history big", "state diff 0"])
@pytest.mark.parametrize(
    "value", ["漢\n" * MEBI, b"\xff\x00" * MEBI, ["\n" * MEBI]], ids=["text", "bytes", "table"]
)
def test_a_terminal_is_given_no_more_of_a_value_than_it_may_show(
    words: str, value: Value, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_values(big=value)
    given = []

    def counted(data: str | bytes, limit: int | None = None, *, lines: bool = False) -> str:
        given.append(len(data))
        return display_text(data, limit, lines=lines)

    monkeypatch.setattr(columns, "display_text", counted)
    monkeypatch.setattr("sloth_tui.cli.output.records.display_text", counted)
    done = on_terminal(*words.split())
    assert (done.code, done.stderr) == (0, b"")
    assert re.search(r"… \+2\d{6} more chars", final_screen(done.stdout))
    assert 0 < sum(given) < 20_000


@pytest.mark.parametrize("words", ["state list", "state show big", "state history big"])
def test_a_pipe_gets_a_huge_value_piece_by_piece(words: str, base: Path) -> None:
    store_values(big=bytes(range(256)) * (_VALUE // 256))
    limits = (_DATA, _DATA)
    process = subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", *words.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, limits),
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        size = 0
        while piece := process.stdout.read(MEBI):
            size += len(piece)
        assert process.stderr.read() == b""
    assert process.returncode == 0
    # 33 pictures of three bytes, 95 letters of one and 128 escapes of four, for each 256 bytes.
    assert size - (33 * 3 + 95 + 128 * 4) * (_VALUE // 256) in range(200)


@pytest.mark.parametrize(
    "data",
    [
        "é漢\n\ud800\udcff" * 40_000,
        ("é漢\n" * 40_000).encode() + b"\xff\xe6\xbc",
        b"\xe6\xbc\xa2" * 50_000,
        "",
        b"",
    ],
)
def test_pieces_make_the_whole(data: str | bytes) -> None:
    assert "".join(display_pieces(data)) == display_text(data)


def test_long_text_is_the_same_json_as_short_text() -> None:
    odd = 'é"\\\n\t\r\x00\x1f\x7f\u2028\ud800漢 '
    store_values(short=odd.replace("\ud800", ""), long=odd.replace("\ud800", "") * 10_000)
    short, long = (
        piped("state", "list", "-o", "jsonl", "short").out,
        piped("state", "list", "-o", "jsonl", "long").out,
    )
    text = short.partition('"value":"')[2].partition('","type"')[0]
    assert long.partition('"value":"')[2].partition('","type"')[0] == text * 10_000


def test_a_value_of_too_many_lines_is_not_compared_line_by_line(base: Path) -> None:
    store_values(big="a\n" * 30_000)
    store_values(big="b\n" * 30_001)
    first, *_ = piped("state", "history", "big", "--diff", "-n", "1").out.split("\n\n")
    assert first.split("\n")[1] == "  30,001 lines -> 30,002 lines, too many to compare"
