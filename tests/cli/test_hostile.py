"""Data that wants to act: on a terminal it cannot, in a pipe it is what was stored."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sloth_tui.cli import main
from sloth_tui.store import open_store
from tests.cli.conftest import HOSTILE
from tests.cli.support import on_terminal, piped
from tests.strategies import CHARACTERS, WITHOUT_NUL
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAMS_OWN = re.compile(rb"\x1b\[(?:[0-9;]*m|[0-9]+G|\?7[hl])")
_RAW_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

ALL = [
    *(f"state list -o {form}" for form in ("table", "json", "jsonl", "csv", "keys")),
    *(f"lock list -o {form}" for form in ("table", "json", "jsonl", "csv", "keys")),
    "state get --",
    "state show -o json --",
    "state show -o csv --",
    "state show --",
    "state delete --",
    "state delete --yes --",
    "state clear",
    "state set --if-absent -- value",
    "state set --if-value x -- value",
    "state increment --",
    "lock acquire --holder h --ttl 5 --",
    "lock break --",
    "lock release --holder h --",
]


@pytest.mark.parametrize("words", ALL)
def test_no_control_character_reaches_a_terminal(words: str, stocked: Path) -> None:
    command = words.split()
    keys = list(HOSTILE) if "--" in command else [None]
    for key in keys:
        arguments = list(command)
        if key is not None:
            arguments.insert(arguments.index("--") + 1, key)
        if command[0] == "lock" and key is not None:
            arguments = [word if word != key else "lock\x1b]0;owned\x07" for word in arguments]
        result = on_terminal(*arguments[:2], "-a", "evil", *arguments[2:], typed=b"n\n")
        for stream in (result.stdout, result.stderr):
            text = _PROGRAMS_OWN.sub(b"", stream).decode()
            assert not _RAW_CONTROL.search(text), (arguments, text)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "keys"])
def test_machine_formats_are_exact_when_piped(form: str, stocked: Path) -> None:
    out = piped("state", "list", "-a", "evil", "-o", form).out
    texts = {key: value for key, value in HOSTILE.items() if isinstance(value, str)}
    if form == "json":
        assert texts.items() <= json.loads(out).items()
    elif form == "jsonl":
        assert (
            texts.items()
            <= {line["key"]: str(line["value"]) for line in map(json.loads, out.splitlines())}.items()
        )
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        assert texts.items() <= {row["key"]: row["value"] for row in rows}.items()
    else:
        assert sorted(out.splitlines()) == sorted("\n".join(HOSTILE).splitlines())


def test_json_on_a_terminal_is_still_exact(stocked: Path) -> None:
    shown = on_terminal("state", "list", "-a", "evil", "-o", "json")
    assert json.loads(shown.out) == json.loads(piped("state", "list", "-a", "evil", "-o", "json").out)


@pytest.mark.parametrize("key", HOSTILE)
def test_get_is_exact_when_piped(key: str, stocked: Path) -> None:
    value = HOSTILE[key]
    result = piped("state", "get", "--raw", "-a", "evil", "--", key)
    assert result.stdout == (value if isinstance(value, bytes) else str(value).encode())
    assert piped("state", "get", "-a", "evil", "--", key).stdout == (
        value if isinstance(value, bytes) else f"{value}\n".encode()
    )


@pytest.mark.parametrize(
    ("prefix", "keys"), [("under_", ["under_score"]), ("100%", ["100%"]), ("HOSTILE", [])]
)
def test_a_prefix_is_literal(prefix: str, keys: list[str], stocked: Path) -> None:
    assert piped("state", "list", prefix, "-a", "evil", "-o", "keys").out.splitlines() == keys
    before = piped("state", "list", "-a", "evil", "-o", "json").out
    piped("state", "clear", "-a", "evil", "--prefix", prefix, "--yes")
    gone = (
        json.loads(before).keys() - json.loads(piped("state", "list", "-a", "evil", "-o", "json").out).keys()
    )
    assert sorted(gone) == keys


@pytest.mark.slow
@settings(
    max_examples=rounds(40, 600),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    key=st.text(WITHOUT_NUL, min_size=1, max_size=20),
    value=st.text(CHARACTERS, max_size=40).filter(lambda text: text != "-"),
)
def test_what_is_set_on_a_command_line_comes_back(key: str, value: str, base: Path) -> None:
    assert piped("state", "set", "--", key, value).code == 0
    assert piped("state", "get", "--raw", "--", key).stdout == value.encode()
    assert json.loads(piped("state", "show", "-o", "json", "--", key).out)["value"] == value
    row = piped("state", "list", "--", key).out
    assert row.count("\n") == len(row.splitlines()) >= 1
    assert all(line.count("\t") == 5 for line in row.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        [b"state", b"get", b"caf\xe9"],
        [b"state", b"list", b"caf\xe9"],
        [b"state", b"set", b"caf\xe9", b"v"],
        [b"state", b"clear", b"--prefix", b"\xff"],
        [b"lock", b"acquire", b"\xff", b"--holder", b"h", b"--ttl", b"5"],
        [b"lock", b"acquire", b"n", b"--holder", b"\xff", b"--ttl", b"5"],
    ],
)
def test_keys_and_names_that_are_no_utf8_are_usage_errors(words: list[bytes], base: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "sloth_tui", *words], capture_output=True)
    assert done.returncode == 2
    assert re.match(rb"error: \S+: '(caf)?\\x(e9|ff)' is not UTF-8\nhint: see ", done.stderr)
    assert not (base / "state").exists()


_FOREIGN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at, updated_at)")
connection.execute("INSERT INTO state VALUES (CAST(x'636166E9' AS TEXT), CAST(x'FF1B' AS TEXT), NULL, NULL)")
connection.commit()
"""


def test_what_other_programs_wrote_in_other_encodings_is_shown(base: Path) -> None:
    (base / "state").mkdir(parents=True)
    subprocess.run([sys.executable, "-c", _FOREIGN, base / "state" / "local.db"], check=True)
    assert piped("state", "list", "-o", "keys").stdout == b"caf\xe9\n"
    assert piped("state", "list", "-o", "json").out == (
        '{\n  "caf\\udce9": {\n    "base64": "/xs="\n  }\n}\n'
    )
    assert piped("state", "list").out.split("\t")[:2] == ["caf\\xe9", "\\xff␛"]
    assert "caf\\xe9" in on_terminal("state", "list").out
    assert piped("state", "list", "-o", "csv").stdout.splitlines()[1].startswith(b"caf\xe9,")
    assert json.loads(piped("state", "list", "-o", "jsonl").out)["created_at"] is None
    assert piped("state", "clear", "--yes").code == 0
    assert piped("state", "list").out == ""


def test_a_value_that_is_no_utf8_becomes_bytes() -> None:
    program = [sys.executable, "-m", "sloth_tui"]
    assert subprocess.run([*program, "state", "set", "k", b"caf\xe9"]).returncode == 0
    with open_store("local") as store:
        assert store.get("k") == b"caf\xe9"
    done = subprocess.run([*program, "state", "set", "k", b"\xff", "--type", "string"], capture_output=True)
    assert (done.returncode, done.stderr) == (
        2,
        b"error: the value is not UTF-8, so it is not of type string\nhint: use --type bytes\n",
    )


def test_errors_of_hostile_words_stay_on_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["\x1b[2J"],
        ["state", "\x1b[2J"],
        ["state", "get", "\x1b]0;x\x07\n"],
        ["run", "a\x1b\nb.lua"],
    ):
        assert main(words) in (2, 3)
        err = capsys.readouterr().err
        assert not _RAW_CONTROL.search(err)
        assert all(line.startswith(("error: ", "hint: ")) for line in err.splitlines())
