"""JSON, YAML and TOML of others, as the command line takes or refuses them: all that is seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

SHOW = 'task({name = "show", run = function() print(json.encode(values)) end})\n'


def run(*words: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """A process of its own, so that what would hang or grow without end is the process's own trouble."""
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", *words], input=stdin, capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def shown(directory: Path, *words: str) -> str:
    """Return the ``values`` of a task."""
    task = directory / "show.lua"
    task.write_text(SHOW)
    code, out, err = run("run", str(task), *words)
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if line.lstrip().startswith("{")]
    return line.strip()


# Python's own words, which 3.13 made better.
EXTRA_COMMA = (
    "column 8: illegal trailing comma before end of object"
    if sys.version_info >= (3, 13)
    else "column 9: expecting property name enclosed in double quotes"
)

NO_JSON = {
    # id: (the text, what is said of it)
    "empty": ("", "not JSON: line 1, column 1: expecting value"),
    "cut": ('{"a":', "not JSON: line 1, column 6: expecting value"),
    "comma is missing": ("[1 2]", "not JSON: line 1, column 4: expecting ',' delimiter"),
    "second line": ('{\n  "a": }', "not JSON: line 2, column 8: expecting value"),
    "extra comma": ('{"a": 1,}', f"not JSON: line 1, {EXTRA_COMMA}"),
    "more after it": ("[1] 2", "not JSON: line 1, column 5: extra data"),
    "open quote": ('"open', "not JSON: line 1, column 1: unterminated string"),
    "control character": ('"\t"', "not JSON: line 1, column 2: invalid control character"),
    "byte order mark": ("\ufeff1", "not JSON: line 1, column 1: a byte order mark (U+FEFF); leave it out"),
    "twice": ('{"a": 1, "a": 2}', "line 1, column 10: key 'a' occurs twice, first at line 1, column 2"),
    "large integer": (
        '{"id": 18446744073709551557}',
        "id: an integer beyond 64 bits; write it as text, in quotes",
    ),
    "large negative": (
        "[1, [-9223372036854775809]]",
        "[2][1]: an integer beyond 64 bits; write it as text, in quotes",
    ),
    "many digits": ("9" * 5000, "an integer beyond 64 bits; write it as text, in quotes"),
    "surrogate": (
        '{"a": {"b": ["\\ud800"]}}',
        "a.b[1]: \\ud800 is half of a character (a lone surrogate); it needs its other half",
    ),
    "NaN": ('{"a": NaN}', "a: a number that is not finite; write it as text, in quotes"),
    "bare NaN": ("NaN", "a number that is not finite; write it as text, in quotes"),
    "infinite": ("-1e999", "a number that is not finite; write it as text, in quotes"),
    "deep": ("[" * 100_000, "nested more than 200 deep"),
    "null": ("null", "null is not a value; delete the key instead"),
}


@pytest.mark.parametrize(("text", "complaint"), NO_JSON.values(), ids=NO_JSON)
def test_json_that_no_store_can_hold_is_refused_in_one_sentence(
    base: Path, text: str, complaint: str
) -> None:
    for kind in ("json", "table"):
        if kind == "json" or text[:1] in ("[", "{"):
            done = piped("state", "set", "k", "-", "--type", kind, stdin=text.encode())
            assert (done.code, done.stdout) == (2, b"")
            assert done.stderr.decode() == f"error: VALUE as {kind}: {complaint}\n"
    assert not (base / "state").exists()


def test_json_that_is_no_utf8_is_refused(base: Path) -> None:
    done = piped("state", "set", "k", "-", "--type", "json", stdin=b'["\xff"]')
    complaint = "error: the value is not UTF-8, so it is not of type json\nhint: use --type bytes\n"
    assert (done.code, done.stdout, done.stderr.decode()) == (2, b"", complaint)
    assert not (base / "state").exists()


def test_the_deepest_table_that_is_taken_comes_back() -> None:
    text = "[" * 200 + "1" + "]" * 200
    assert piped("state", "set", "k", text, "--type", "json").code == 0
    assert piped("state", "get", "k").stdout.decode() == text + "\n"
    done = piped("state", "set", "k", f"[{text}]", "--type", "json")
    assert (done.code, done.err) == (2, "error: VALUE as json: nested more than 200 deep\n")


CUT = ["pw=abc #1", "note=see: this", "e=", "sha=0123456", "c=NO", "t=12:30", "two=a\n  b", "list=[1]"]


@pytest.mark.usefixtures("base")
def test_set_takes_texts_to_the_letter(tmp_path: Path) -> None:
    words = [word for text in CUT for word in ("--set", text)]
    words += ["--set", "n=1", "--set", "x=null", "--set", "f=0.1", "--set-string", "s.s=1"]
    words += ["--set-json", 'l=["a", {"b": 2}]', "--set-json", "s.empty={}"]
    assert shown(tmp_path, *words) == (
        r'{"pw":"abc #1","note":"see: this","e":"","sha":"0123456","c":"NO","t":"12:30","two":"a\n  b",'
        r'"list":"[1]","n":1,"x":null,"f":0.1,"s":{"s":"1","empty":{}},"l":["a",{"b":2}]}'
    )


@pytest.mark.slow
@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--set", "id=18446744073709551557"],
            "an integer beyond 64 bits\nhint: --set-string keeps it as text\n",
        ),
        (["--set", "n=.nan"], "a number that is not finite\nhint: --set-string keeps it as text\n"),
        (["--set-string", "novalue"], "must look like name=value or outer.inner=value\n"),
        (["--set", "a=1", "--set-string", "a.b=1"], "'a' is a number, not a table\n"),
        (["--set", "a=é\udcff"], "not UTF-8 at byte 5\n"),
        (["--set-string", "\udcffa=1"], "not UTF-8 at byte 1\n"),
        (["--set-json", "a=[1,"], "not JSON: line 1, column 4: expecting value\n"),
        (
            ["--set-json", 'a={"b": 1, "b": 2}'],
            "line 1, column 10: key 'b' occurs twice, first at line 1, column 2\n",
        ),
    ],
)
def test_what_set_cannot_take_is_refused(tmp_path: Path, words: list[str], complaint: str) -> None:
    task = tmp_path / "show.lua"
    task.write_text(SHOW)
    shown = words[-1].replace("\udcff", "\\xff")
    assert run("run", str(task), *words) == (2, "", f"error: {words[-2]} '{shown}': {complaint}")


BROKEN = {
    # file: (its text, what is said of it)
    "v.json": (b'{\n  "a": }\n', "not JSON: line 2, column 8: expecting value"),
    "v.yaml": (b"a: [1, 2\nb: 3\n", "line 2, column 2: did not find expected ',' or ']'"),
    "v.yml": (
        b"a: 1\nb: \x01\n",
        "line 2, column 4: U+0001 is not allowed in YAML; write it as an escape in double quotes",
    ),
    "v.toml": (b'a = 1\nb = "x', "line 2, column 7: unterminated string"),
    "latin.yaml": (b"a: \xe9\n", "not UTF-8 at byte 4"),
}


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("name", BROKEN)
def test_values_that_are_broken_are_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    task, path = tmp_path / "show.lua", tmp_path / name
    text, complaint = BROKEN[name]
    task.write_text(SHOW)
    path.write_bytes(text)
    done = run("run", str(task), "--values", str(path))
    assert done == (2, "", f"error: values file '{path}': {complaint}\n")


@pytest.mark.usefixtures("base")
def test_yaml_merges_nothing(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nweb: {<<: *base, b: 3}\n")
    assert shown(tmp_path, "--values", str(path)) == (
        '{"base":{"a":1,"b":2},"web":{"<<":{"a":1,"b":2},"b":3}}'
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "large", "dots", "lists"])
@pytest.mark.parametrize("words", [("state", "set", "k", "v"), ("state", "list")])
def test_a_configuration_that_cannot_be_read_ends_every_command(
    base: Path, kind: str, words: tuple[str, ...]
) -> None:
    base.mkdir()
    path = base / "config.toml"
    complaint = _obstacle(path, kind, 1024 * 1024 + 1)
    code, out, err = run(*words)
    assert (code, out, err) == (2, "", f"error: {path}: {complaint}\n")


@pytest.mark.slow
@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "large", "dots", "lists"])
def test_values_that_cannot_be_read_are_refused_at_once(tmp_path: Path, kind: str) -> None:
    task, path = tmp_path / "show.lua", tmp_path / "values.toml"
    task.write_text(SHOW)
    complaint = _obstacle(path, kind, 16 * 1024 * 1024 + 1)
    where = f"'{path}' " if complaint.startswith("is ") else f"'{path}': "
    assert run("run", str(task), "--values", str(path)) == (2, "", f"error: values file {where}{complaint}\n")


def _obstacle(path: Path, kind: str, too_large: int) -> str:
    """Puts it there; what is to be said of it."""
    if kind == "pipe":
        os.mkfifo(path)
        return "is not a regular file"
    if kind == "device":
        path.symlink_to("/dev/zero")
        return "is not a regular file"
    if kind == "directory":
        path.mkdir()
        return "is a directory"
    if kind == "large":
        path.write_bytes(b"#" * too_large)
        return f"is larger than {too_large // 1024 // 1024} MiB"
    if kind == "dots":
        path.write_text(".".join("a" * 32_000) + " = 1\n")
        return "line 1, column 401: nested more than 200 deep"
    path.write_text("a = " + "[" * 100_000)
    return "line 1, column 204: nested more than 200 deep"


@pytest.mark.slow
@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
def test_a_task_file_that_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "tasks.lua"
    complaint = _obstacle(path, kind, 0)
    assert run("run", str(path)) == (2, "", f"error: '{path}' {complaint}\n")
