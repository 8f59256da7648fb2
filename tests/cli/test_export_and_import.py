"""``state export`` and ``state import``: whole outputs, files, exit codes."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped
from tests.servers.etcd import Etcd, needs_etcd
from tests.store.moving import picture, write_a_past
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value


def fill(values: dict[str, Value], agent: str = "local") -> None:
    with open_store(agent, "write") as store:
        store.set_many(values)


def held(agent: str = "local") -> dict[str, Value]:
    with open_store(agent, "read") as store:
        return dict(store.items())


def refused(code: int, *lines: str) -> tuple[int, str, str]:
    return code, "", "".join(f"{line}\n" for line in lines)


def test_formats(base: Path) -> None:
    fill({"A": "it's", "B": 1, "C": {"base64": "aGk="}, "D": b"\xff"})
    assert piped("state", "export", "-o", "csv").out == (
        '"key","value","type"\r\n"A","it\'s","string"\r\n"B","1","integer"\r\n'
        '"C","{""base64"":""aGk=""}","table"\r\n"D","{""base64"":""/w==""}","bytes"\r\n'
    )
    shown = piped("state", "export", "-o", "json")
    assert shown.out == piped("state", "list", "-o", "json").out
    assert shown.err == "warning: 1 value of bytes: JSON tells them from nothing else; jsonl does\n"
    assert piped("state", "export", "-o", "env")[::2] == (
        2,
        b"error: key 'D': an .env file cannot hold bytes\nhint: take jsonl\n",
    )
    piped("state", "delete", "D", "--yes")
    assert piped("state", "export", "-o", "env").out == 'A="it\'s"\nB=1\nC=\'{"base64":"aGk="}\'\n'
    first, *lines, last = piped("state", "export").out.splitlines()
    header = json.loads(first)
    assert (header["sloth"], header["format"], header["entries"]) == ("state", 1, 3)
    assert [json.loads(line)["key"] for line in lines] == ["A", "B", "C"]
    assert "\n".join(lines) + "\n" == piped("state", "list", "-o", "jsonl").out
    assert json.loads(last)["lines"] == 4


def test_names_of_variables(base: Path) -> None:
    fill({"app:db/host": "h", "app:db:host": "i"})
    result = piped("state", "export", "-o", "env")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "error: key 'app:db/host' is no name of a variable",
    )
    result = piped("state", "export", "-o", "env", "--map", ":=_", "--map", "/=_")
    assert result.err.splitlines()[0] == "error: keys 'app:db/host' and 'app:db:host' both become app_db_host"
    result = piped("state", "export", "-o", "env", "--map", ":=__", "--map", "/=_", "-p", "app:db")
    assert result.out == "app__db_host=h\napp__db__host=i\n"
    assert piped("state", "export", "--map", ":=_").code == 2
    assert piped("state", "export", "-o", "env", "--map", "=_").code == 2


def test_a_file_is_private_whole_and_never_replaced_unasked(base: Path, tmp_path: Path) -> None:
    fill({"a": 1})
    path = tmp_path / "out.jsonl"
    assert piped("state", "export", str(path)) == (0, b"", b"")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert piped("state", "export", str(path))[:1] == (5,)
    assert piped("state", "export", str(path)).err == (
        f"error: {path}: exists already\nhint: nothing was written; --force replaces the file\n"
    )
    assert path.read_bytes() == before
    fill({"D:x": 2})
    assert piped("state", "export", str(path), "--force").code == 0
    assert len(path.read_text().splitlines()) == 4
    assert piped("state", "export", str(path), "--force", "-o", "env").code == 2
    assert len(path.read_text().splitlines()) == 4
    link = tmp_path / "link"
    link.symlink_to(path)
    assert piped("state", "export", str(link), "--force").code == 0
    assert link.is_symlink()
    assert piped("state", "export", str(tmp_path)).code == 2
    assert piped("state", "export", str(tmp_path / "none" / "x")).code == 8
    assert piped("state", "export", "/dev/null").code == 0
    (tmp_path / f".out.jsonl.{2**22 + 1}.part").touch()
    assert piped("state", "export", str(path), "--force").code == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["base", "home", "link", "out.jsonl"]


def test_compressed_by_name(base: Path, tmp_path: Path) -> None:
    fill({f"k{number}": "x" * 50 for number in range(100)})
    path = tmp_path / "out.jsonl.gz"
    assert piped("state", "export", str(path)).code == 0
    lines = gzip.decompress(path.read_bytes()).splitlines()
    assert len(lines) == 102
    assert piped("state", "import", str(path), "-a", "new").code == 0
    assert held("new") == held()


def test_conflicts_and_predictions(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_text('{"a": 1, "b": 2, "c": 3}')
    fill({"a": 1, "b": "2", "d": 4})
    conflict = (
        "error: 1 key has another value here: 'b'",
        "hint: nothing was changed; --on-conflict overwrite takes those of the file, "
        "keep those that are here",
    )
    assert piped("state", "import", str(path)) == (5, b"", "\n".join((*conflict, "")).encode())
    predicted = piped("state", "import", str(path), "--dry-run")
    assert predicted.code == 5
    assert predicted.out == (
        "+ c\n! b\n1 added, 0 changed, 1 same, 1 conflicting, 0 removed, 0 expired, 0 passed over\n"
    )
    predicted = piped("state", "import", str(path), "-n", "--replace")
    assert predicted == (
        0, b"+ c\n~ b\n- d\n1 added, 1 changed, 1 same, 0 conflicting, 1 removed, 0 expired, 0 passed over\n",
        b"",
    )  # fmt: skip
    predicted = piped("state", "import", str(path), "-n", "-a", "nobody", "-o", "json", "-p", "c")
    assert json.loads(predicted.out) == {
        "added": 1, "changed": 0, "same": 0, "conflicting": 0, "removed": 0, "expired": 0, "passed_over": 2,
        "revisions": None,
    }  # fmt: skip
    assert "nobody" not in piped("agents", "-o", "json").out
    assert held() == {"a": 1, "b": "2", "d": 4}
    assert piped("state", "import", str(path), "--on-conflict", "keep").code == 0
    assert held() == {"a": 1, "b": "2", "c": 3, "d": 4}
    assert piped("state", "import", str(path), "--replace", "--on-conflict", "keep").code == 2
    assert piped("state", "import", str(path), "--replace").code == 0
    assert held() == {"a": 1, "b": 2, "c": 3}
    assert len(list((base / "backups").glob("local-*.before-import.db"))) == 1
    assert piped("state", "undo").code == 0
    assert held() == {"a": 1, "b": "2", "c": 3, "d": 4}


def test_secrets_stay_secrets_and_are_told(base: Path, tmp_path: Path) -> None:
    piped("state", "set", "pass", "hunter2", "--secret")
    fill({"plain": "x"})
    path = tmp_path / "out.jsonl"
    for words in ((), ("--history",)):
        path.unlink(missing_ok=True)
        result = piped("state", "export", str(path), *words)
        assert result.err == "warning: the export shows 1 value that is kept out of history as a secret\n"
        agent = f"new{len(words)}"
        assert piped("state", "import", str(path), "-a", agent).code == 0
        piped("state", "set", "pass", "other", "-a", agent)
        with open_store(agent, "read") as store:
            assert next(store.revisions("pass")).secret
            assert not any(one.secret for one in store.revisions("plain"))


def test_times_to_live_come_along(base: Path, tmp_path: Path) -> None:
    fill({"b": 2})
    piped("state", "set", "a", "1", "--ttl", "1h")
    for words in ((), ("--history",)):
        path = tmp_path / f"{len(words)}.jsonl"
        agent = f"new{len(words)}"
        assert piped("state", "export", str(path), *words).code == 0
        assert piped("state", "import", str(path), "-a", agent).code == 0
        with open_store(agent, "read") as store:
            left = store.ttl("a")
            assert left is not None
            assert 3000 < left <= 3600
            assert store.ttl("b") is None


@pytest.mark.parametrize("where", ["files", pytest.param("etcd", marks=[pytest.mark.slow, needs_etcd])])
def test_a_history_comes_back(base: Path, tmp_path: Path, where: str) -> None:
    with open_store("local", "write") as store:
        write_a_past(store)
        before = picture(store)
    path = str(tmp_path / "all.jsonl")
    assert piped("state", "export", path, "--history").code == 0
    if where == "files":
        restores(path, "files", before)
    else:
        with Etcd() as etcd:
            restores(path, etcd.address("shop"), before)
            again = tmp_path / "again.jsonl"
            words = ("--store", etcd.address("shop"), "-a", "new")
            assert piped("state", "export", str(again), "--history", *words).code == 0
            restores(str(again), "files", before)
    assert piped("state", "export", "--history", "-p", "a").code == 2
    assert piped("state", "export", "--history", "-o", "csv").code == 2


def restores(path: str, address: str, before: object) -> None:
    result = piped("state", "import", path, "-a", "new", "--store", address, "-o", "json")
    assert result.code == 0, result.err
    with open_store("new", "read", address=address) as store:
        assert picture(store) == before
    os.environ.pop("SLOTH_RUNNER_STORE", None)
    again = piped("state", "import", path, "-a", "new", "--store", address, "-o", "json")
    os.environ.pop("SLOTH_RUNNER_STORE", None)
    assert again.err == "warning: agent 'new' has state already: the history in the file is not imported\n"
    assert json.loads(again.out)["added"] == 0


def test_a_person_sees_what_was_done(base: Path, tmp_path: Path) -> None:
    fill({"a": 1, "b": "\x1b[31m"})
    path = str(tmp_path / "out.jsonl")
    assert f"exported 2 entries to {path}" in on_terminal("state", "export", path).err
    shown = on_terminal("state", "import", path, "-a", "new").err
    assert "importing [##############################] 100%" in shown
    assert f"imported {path}: 2 added" in shown
    assert "\x1b[31m" not in on_terminal("state", "export").out
    assert "+ b" in on_terminal("state", "import", path, "-n", "-a", "third").out


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_an_import_is_done_or_not(base: Path, tmp_path: Path) -> None:
    """In the middle of a stream, of the commit, of its end: all entries or none."""
    path = tmp_path / "many.jsonl"
    count = rounds(8_000, 100_000)
    fill({f"key:{number:07}": f"value {number}" for number in range(count)}, "source")
    assert piped("state", "export", str(path), "-a", "source").code == 0
    random = Random(13)
    words = [sys.executable, "-m", "sloth_tui", "state", "import", str(path), "--on-conflict", "overwrite"]
    for turn in range(rounds(3, 30)):
        agent = f"target{turn}"
        old: dict[str, Value] = {"old": 1} if turn % 2 else {}
        if old:
            fill(old, agent)
        process = subprocess.Popen([*words, "-a", agent])
        log = base / "state" / f"{agent}.db-wal"
        least = int(random.random() * count * 200)
        wait_until(
            lambda log=log, least=least, process=process: (
                process.poll() is not None  # type: ignore[misc]
                or (log.exists() and log.stat().st_size >= least)
            )
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not (base / "state" / f"{agent}.db").exists():
            continue
        with open_store(agent, "read") as store:
            found = store.count()
            assert found in (len(old), len(old) + count)
            assert store.problems() == []
        assert piped("state", "import", str(path), "--on-conflict", "overwrite", "-a", agent).code == 0
        with open_store(agent, "read") as store:
            assert store.count() == len(old) + count
            assert sum(1 for _ in store.change_sets()) == 1 + len(old)
        for suffix in ("", "-wal", "-shm"):
            (base / "state" / f"{agent}.db{suffix}").unlink(missing_ok=True)
