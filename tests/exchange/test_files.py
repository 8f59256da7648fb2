"""Files of other programs, and files that are damaged: what is read of them, and why others are refused."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import piped
from tests.servers.etcd import ETCDCTL, needs_etcd

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value
    from tests.servers.etcd import Etcd


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def imported(data: bytes, *words: str, err: str = "") -> dict[str, Value]:
    """Return what the agent has after an import into nothing."""
    result = piped("state", "import", "-", "--agent", "new", *words, stdin=data)
    assert (result.code, result.out, result.err) == (0, "", err)
    return held("new")


def held(agent: str) -> dict[str, Value]:
    with open_store(agent, "read") as store:
        return dict(store.items())


CONSUL = [
    {"key": "app/", "flags": 0, "value": ""},
    {"key": "app/name", "flags": 2**64 - 1, "value": coded(b"shop")},
    {"key": "app/raw", "flags": 0, "value": coded(b"\xff"), "namespace": "default"},
]
CONSUL_API = [
    {"LockIndex": 0, "Key": "app/", "Flags": 0, "Value": None, "CreateIndex": 1, "ModifyIndex": 1},
    {"Session": "adf4238a-882b-9ddc", "Key": "app/name", "Flags": 42, "Value": coded(b"shop")},
]
ETCD = {
    "header": {"cluster_id": 14841639068965178418, "member_id": 10276657743932975437, "revision": 5},
    "kvs": [
        {"key": coded(b"a"), "create_revision": 2, "mod_revision": 2, "version": 1, "value": coded(b"1")},
        {"key": coded(b"empty"), "create_revision": 3, "mod_revision": 3, "version": 1},
        {"key": coded(b"leased"), "value": coded(b"2"), "lease": 7587873251417424899},
    ],
    "count": 3,
}


def test_consul(base: Path) -> None:
    warned = "warning: 1 entry had flags, for which there is no place here\n"
    data = json.dumps(CONSUL, indent="\t").encode()
    assert imported(data, err=warned) == {"app/": "", "app/name": "shop", "app/raw": b"\xff"}
    warned += "warning: 1 entry had a lock, which is not imported\n"
    again = piped("state", "import", "-", "--agent", "api", stdin=json.dumps(CONSUL_API).encode())
    assert (again.code, again.err) == (0, warned)
    assert held("api") == {"app/": "", "app/name": "shop"}


def test_etcdctl(base: Path) -> None:
    warned = "warning: 1 entry had a lease, in place of which no time to live is set\n"
    data = json.dumps(ETCD).encode() + b"\n"
    assert imported(data, err=warned) == {"a": "1", "empty": "", "leased": "2"}
    nothing = piped("state", "import", "-", stdin=b'{"header":{"cluster_id":1,"revision":5}}\n')
    assert (nothing.code, nothing.err) == (0, "")


@pytest.mark.slow
@needs_etcd
@pytest.mark.skipif(ETCDCTL is None, reason="needs etcdctl")
def test_a_real_etcdctl(base: Path, shared_etcd: Etcd) -> None:
    assert ETCDCTL is not None
    environment = {**os.environ, "ETCDCTL_API": "3"}
    address = shared_etcd.address("x").removeprefix("etcd://").partition("/")[0]
    tool = [ETCDCTL, f"--endpoints=http://{address}"]

    def run(*words: str) -> bytes:
        return subprocess.run([*tool, *words], env=environment, check=True, capture_output=True).stdout

    written = {"moving/é\n": "漢\x01", "moving/empty": "", "moving/x": "it's <&>"}
    for key, value in written.items():
        run("put", "--", key, value)
    assert imported(run("get", "--prefix", "moving/", "-w", "json")) == written
    for words, reason in (
        (("--keys-only",), "no key has a value"),
        (("--limit=1",), "incomplete: it has 1 of 3"),
    ):
        result = piped("state", "import", "-", stdin=run("get", "--prefix", "moving/", "-w", "json", *words))
        assert (result.code, reason in result.err) == (7, True)


def test_env(base: Path) -> None:
    data = (
        b'# settings\r\nexport A=1\nB = two words # why\nC=\'$HOME is # kept\'\nD="a\\nb\\"\\\\"\n'
        b"E=\n\nF=a#b\nG='over\ntwo lines' # done\nH=x"
    )
    assert imported(data) == {
        "A": "1", "B": "two words", "C": "$HOME is # kept", "D": 'a\nb"\\', "E": "", "F": "a#b",
        "G": "over\ntwo lines", "H": "x",
    }  # fmt: skip


def test_yaml(base: Path) -> None:
    data = b"# of an app\nname: shop\non: no\nat: 12:30\nday: 2026-01-31\nmode: 0644\nn: 12\nf: 1.0\n"
    data += b"deep: {a: [1]}\n"
    assert imported(data) == {
        "name": "shop", "on": "no", "at": "12:30", "day": "2026-01-31", "mode": "0644", "n": 12, "f": 1.0,
        "deep": {"a": [1]},
    }  # fmt: skip


def test_csv_without_types_and_of_the_listing(base: Path) -> None:
    assert imported(b'\xef\xbb\xbfvalue,key\r\n1,a\r\n"x,\ny",b\r\n') == {"a": "1", "b": "x,\ny"}
    for word in (("n", "1", "--type", "integer"), ("t", '{"a":1}', "--type", "table"), ("s", "")):
        piped("state", "set", *word)
    listed = piped("state", "list", "-o", "csv").stdout
    piped("state", "clear", "--yes", "--agent", "new")
    assert imported(listed) == {"n": 1, "t": {"a": 1}, "s": ""}
    piped("state", "clear", "--yes", "--agent", "new")
    assert imported(piped("state", "list", "-o", "jsonl").stdout) == {"n": 1, "t": {"a": 1}, "s": ""}


def test_lines_of_keys_and_values(base: Path) -> None:
    data = b'{"key": "a", "value": "1"}\n\n{"value": [2], "key": "b"}\n'
    assert imported(data) == {"a": "1", "b": [2]}
    one = piped("state", "import", "-", "-a", "one", stdin=b'{"key": "a", "value": "1"}\n')
    assert (one.code, held("one")) == (0, {"key": "a", "value": "1"})


def test_gzip_of_any(base: Path) -> None:
    assert imported(gzip.compress(b'{"a": 1}')) == {"a": 1}
    assert imported(gzip.compress(b"B=2\n")) == {"a": 1, "B": "2"}


_MADE_BY_OTHERS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript(sys.argv[2])
"""
NEWER = """
PRAGMA journal_mode = WAL;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL,
  acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP, expires_at DATETIME NOT NULL);
INSERT INTO state (key, value) VALUES ('n', '1e+06'), ('t', 'table: 0xc000123456');
INSERT INTO locks (name, holder, expires_at) VALUES ('l', 'h', '2999-01-01 00:00:00');
"""
OLDER = """
CREATE TABLE state_data (key TEXT PRIMARY KEY, value TEXT NOT NULL, type TEXT NOT NULL DEFAULT 'string',
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  expires_at DATETIME, version INTEGER DEFAULT 1);
CREATE TABLE state_locks (name TEXT PRIMARY KEY, holder TEXT, expires_at DATETIME);
INSERT INTO state_data (key, value, expires_at) VALUES
  ('gone', 'x', '2020-01-01 00:00:00'), ('gone too', 'x', '2020-01-01 00:00:00.5 +0000 UTC'),
  ('kept', '7', NULL);
"""


@pytest.mark.parametrize(
    ("script", "values", "warned"),
    [
        (NEWER, {"n": "1e+06", "t": "table: 0xc000123456"},
         "warning: 1 entry had a memory address like 'table: 0xc000012345' in place of a table\n"),
        (OLDER, {"kept": "7"}, "warning: 2 entries were left out: the time to live is over\n"),
    ],
)  # fmt: skip
def test_databases_of_the_original(
    base: Path, tmp_path: Path, script: str, values: dict[str, Value], warned: str
) -> None:
    path = tmp_path / "state.db"
    subprocess.run([sys.executable, "-c", _MADE_BY_OTHERS, path, script], check=True)
    before = path.read_bytes()
    result = piped("state", "import", str(path), "--agent", "new")
    assert (result.code, result.out, result.err) == (0, "", warned)
    assert held("new") == values
    assert path.read_bytes() == before
    assert piped("lock", "list", "--agent", "new").out == ""


def test_a_database_of_ours(base: Path) -> None:
    piped("state", "set", "a", "1", "--type", "integer")
    result = piped("state", "import", str(base / "state" / "local.db"), "--agent", "new")
    assert (result.code, held("new")) == (0, {"a": 1})


def test_a_database_of_somebody_else(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    subprocess.run([sys.executable, "-c", _MADE_BY_OTHERS, path, "CREATE TABLE x (y)"], check=True)
    result = piped("state", "import", str(path))
    assert (result.code, result.err) == (
        7,
        f"error: {path}: a database without state: neither a table 'state' nor 'state_data'\n"
        "hint: nothing was changed\n",
    )
    piped_in = piped("state", "import", "-", stdin=path.read_bytes())
    assert (piped_in.code, "only from a file" in piped_in.err) == (7, True)


_HEAD = b'{"header":{"cluster_id":1},"kvs":['
REFUSED = {
    "nothing": (b"", "empty"),
    "no format": (b"hello world\n", "in no format that is known"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "its text is UTF-16 or UTF-32"),
    "UTF-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), "its text is UTF-16 or UTF-32"),
    "bytes": (b'{"a":\n"\xff"}', "line 2: not UTF-8 text (column 2)"),
    "a key twice": (b'{"a": 1,\n"a": 2}', "line 2, column 1: key 'a' occurs twice, first at line 1"),
    "a key twice in YAML": (b"a: 1\na: 2\n", "line 2, column 1: key 'a' occurs twice, first at line 1"),
    "a variable twice": (b"A=1\nB=2\nA=3\n", "line 3: key 'A' occurs twice, first in line 1"),
    "a record twice": (b"key,value\na,1\nb,2\na,3\n", "line 4: key 'a' occurs twice, first in line 2"),
    "nothing in JSON": (b'{"a": null}', "key 'a': nothing cannot be stored"),
    "too large a number": (b'{"a": 9223372036854775808}', "a: an integer beyond 64 bits"),
    "half a character": (b'{"a": "\\ud800"}', "half of a character"),
    "no key": (b'{"": 1}', "a key must not be empty"),
    "no list of Consul": (b"[1, 2]", "entry 1 is not an object with key and value"),
    "no base64": (b'[{"key": "a", "value": "%"}]', "the value of key 'a' is not base64"),
    "a cut list": (b'[{"key": "a", "va', "truncated"),
    "only keys": (_HEAD + b'{"key":"YQ=="}],"count":1}', "no key has a value"),
    "some of the keys": (_HEAD + b'{"key":"YQ==","value":"MQ=="}],"more":true,"count":4}',
                         "incomplete: it has 1 of 4 keys"),
    "a key of bytes": (_HEAD + b'{"key":"/w==","value":"MQ=="}],"count":1}', "is not UTF-8"),
    "an open quote": (b"A=1\nB='x\n", "line 2: the quote ' is never closed"),
    "no variable": (b"A=1\nB\n", "line 2: not KEY=VALUE"),
    "too few fields": (b"key,value\na\n", "line 2: 1 fields, and the heading has 2"),
    "no such type": (b"key,value,type\na,1,colour\n", "line 2: key 'a': there is no type 'colour'"),
    "no integer": (b"key,value,type\na,x,integer\n", "line 2: key 'a': 'x' is no integer"),
    "cut gzip": (gzip.compress(b'{"a": 1}')[:-9], "truncated: the compressed data ends too early"),
    "damaged gzip": (gzip.compress(b'{"a": 1}')[:-8] + bytes(8), "the compressed data is damaged"),
}  # fmt: skip


def test_what_cannot_be_read_says_why_and_changes_nothing(base: Path) -> None:
    piped("state", "set", "kept", "1")
    for name, (data, reason) in REFUSED.items():
        result = piped("state", "import", "-", "--on-conflict", "overwrite", stdin=data)
        assert (result.code, result.out) == (7, ""), (name, result.err)
        first, second = result.err.splitlines()
        assert first.startswith("error: standard input"), name
        assert reason in first, (name, first)
        assert second.startswith("hint: "), name
    assert held("local") == {"kept": "1"}
    assert len(piped("state", "log").out.splitlines()) == 1


def test_an_export_that_was_cut_edited_or_extended(base: Path) -> None:
    for number in range(5):
        piped("state", "set", f"k{number}", f"v{number}")
    whole = piped("state", "export").stdout
    lines = whole.splitlines(keepends=True)
    history = piped("state", "export", "--history").stdout
    cases = {
        "a trailer less": (b"".join(lines[:-1]), "truncated after 6 lines; the header tells of 7"),
        "lines less": (b"".join(lines[:3]), "truncated after 3 lines; the header tells of 7"),
        "half a line": (whole[: len(lines[0]) + 20], "truncated after 1 line; the header tells of 7"),
        "a line less": (b"".join(lines[:2] + lines[3:]), "5 lines before the trailer"),
        "edited": (whole.replace(b'"v3"', b'"v4"'), "edited or damaged"),
        "a key twice": (b"".join([*lines[:3], lines[1], *lines[3:]]), "line 4: key 'k0' occurs twice"),
        "in another order": (b"".join([lines[0], *lines[1:-1][::-1], lines[-1]]), "key 'k3' is not in order"),
        "two files": (whole + whole, "line 8: something follows the end of the export"),
        "no header": (b"".join(lines[1:]), "line 6: a trailer without a header"),
        "only the trailer": (lines[-1], "line 1: the header is missing"),
        "a newer format": (whole.replace(b'"format":1', b'"format":2'), "written in format 2"),
        "no value": (whole.replace(b'"value":"v1",', b""), "line 3: no entry: value is missing"),
        "another type": (whole.replace(b'"type":"string"', b'"type":"table"', 1), "the value is no table"),
        "a history that was cut": (history[:-300], "truncated after"),
        "a history that was edited": (history.replace(b'"v3"', b'"v4"'), "edited or damaged"),
    }  # fmt: skip
    for name, (data, reason) in cases.items():
        result = piped("state", "import", "-", "--agent", "new", stdin=data)
        assert (result.code, result.out) == (7, ""), (name, result.err)
        assert reason in result.err.splitlines()[0], (name, result.err)
    assert "new" not in piped("agents", "-o", "json").out
    crlf = whole.replace(b"\n", b"\r\n")
    assert imported(b"\xef\xbb\xbf" + crlf) == held("local")
    unchecked = b"".join(lines[1:-1]).replace(b'"v3"', b'"changed"')
    result = piped("state", "import", "-", "--on-conflict", "overwrite", stdin=unchecked)
    assert (result.code, held("local")["k3"]) == (0, "changed")


def test_a_file_that_is_not_there(base: Path, tmp_path: Path) -> None:
    result = piped("state", "import", str(tmp_path / "none"))
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        f"error: {tmp_path / 'none'}: No such file or directory",
    )
    assert piped("state", "import", str(tmp_path)).code == 2
    assert shutil.disk_usage(tmp_path).free


def test_what_has_expired_is_left_out_and_counted(base: Path) -> None:
    data = (
        b'{"key":"past","value":"1","expires_at":"2020-01-01T00:00:00.000Z"}\n'
        b'{"key":"future","value":"2","expires_at":"2126-01-01T00:00:00.000Z"}\n'
    )
    warned = "warning: 1 entry was left out: the time to live is over\n"
    assert imported(data, err=warned) == {"future": "2"}
    result = piped(
        "state", "import", "-", "-a", "x", stdin=b'{"key":"a","value":1,"expires_at":"soon"}\n{}\n'
    )
    assert (result.code, "'soon' is no time like" in result.err) == (7, True)
