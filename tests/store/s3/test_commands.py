"""The command line on S3, from outside: what it prints, and how it ends."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.s3.copies import reading
from sloth_tui.store.s3.opening import open_store
from sloth_tui.store.s3.writing import sending
from tests.cli.support import piped
from tests.cli.test_history_commands import Following
from tests.servers.background import free_ports
from tests.servers.imitations import between

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket


@pytest.fixture
def place(address: str) -> str:
    """The address without what follows the place."""
    return address.partition("?")[0]


def test_entries_history_and_undo(address: str, base: Path) -> None:
    def said(*words: str) -> str:
        done = piped("--store", address, *words)
        assert (done.code, done.err) == (0, "")
        return done.out

    assert said("state", "list", "-o", "json") == "{}\n"
    assert said("state", "set", "app:name", "shop") == ""
    assert said("state", "set", "app:size", "3", "--type", "integer") == ""
    assert said("state", "increment", "app:size") == "4\n"
    assert said("state", "get", "app:name", "app:size") == "shop\n4\n"
    assert said("state", "list", "-o", "json") == '{\n  "app:name": "shop",\n  "app:size": 4\n}\n'
    history = [line.split("\t") for line in said("state", "history", "app:size").splitlines()]
    assert [(line[0], line[-1]) for line in history] == [("3", "4"), ("2", "3")]
    said("state", "delete", "app:name", "--yes")
    assert said("state", "list", "-o", "keys") == "app:size\n"
    said("state", "undo")
    assert said("state", "get", "app:name") == "shop\n"
    titles = [json.loads(line)["title"] for line in said("state", "log", "-o", "jsonl").splitlines()]
    assert titles == [
        "undo 4: delete app:name",
        "delete app:name",
        "increment app:size 1",
        "set app:size",
        "set app:name",
    ]
    assert not (base / "state").exists(), "nothing is written to the files of this machine"


def test_what_is_missing_or_refused_has_its_exit_code(address: str) -> None:
    def ended(*words: str) -> tuple[int, str, str]:
        done = piped("--store", address, *words)
        return done.code, done.out, done.err

    assert ended("state", "get", "nothing") == (3, "", "error: no key 'nothing'\n")
    assert ended("state", "set", "key", "text") == (0, "", "")
    code, out, err = ended("state", "increment", "key")
    assert (code, out, err.splitlines()[0]) == (5, "", "error: key 'key' does not hold a number")
    assert ended("state", "list", "-a", "web") == (
        3,
        "",
        "error: agent 'web' has no database\nhint: agents: local\n",
    )


def test_locks(address: str) -> None:
    def ended(*words: str) -> tuple[int, str, str]:
        done = piped("--store", address, "lock", *words)
        return done.code, done.out, done.err

    assert ended("acquire", "deploy", "--holder", "ci", "--ttl", "3600") == (0, "1\n", "")
    code, out, err = ended("acquire", "deploy", "--holder", "me", "--ttl", "60")
    assert (code, out) == (4, "")
    assert re.match(r"error: lock 'deploy' is held by 'ci' for another (59m|1h)", err)
    (lock,) = json.loads(ended("list", "-o", "json")[1])
    assert (lock["name"], lock["holder"], lock["token"]) == ("deploy", "ci", 1)
    assert ended("release", "deploy", "--holder", "me") == (
        6,
        "",
        "error: lock 'deploy' lost: 'ci' holds it\n",
    )
    assert ended("release", "deploy", "--holder", "ci") == (0, "", "")
    assert ended("acquire", "deploy", "--holder", "me", "--ttl", "60") == (0, "2\n", "")


def test_agents_and_check(address: str, place: str, server: Bucket) -> None:
    piped("--store", address, "state", "set", "page", "index", "-a", "web")
    done = piped("--store", address, "agents", "-o", "keys")
    assert (done.code, done.out, done.err) == (0, "local\nweb\n", "")
    found = json.loads(piped("--store", address, "agents", "-o", "json").out)
    assert [(each["name"], each["path"]) for each in found] == [
        ("local", f"{place}/local.db"),
        ("web", f"{place}/web.db"),
    ]
    done = piped("--store", address, "store", "check")
    fields = dict(line.split("\t") for line in done.out.splitlines())
    assert re.fullmatch(r"[\d.e+]+ ms", fields.pop("read took"))
    assert (done.code, done.err, fields) == (
        0,
        "",
        {"backend": "s3", "location": place, "version": server.endpoint, "encrypted": "no", "user": "-"},
    )


def test_a_server_that_does_not_answer_is_one_line(credentials: None) -> None:
    endpoint = f"http://127.0.0.1:{free_ports(1)[0]}"
    for words in (("state", "set", "k", "v"), ("store", "check")):
        done = piped("--store", f"s3://b/p?endpoint={endpoint}", *words)
        told = f"error: s3://b/p: nobody listens at {endpoint}\n"
        assert (done.code, done.out, done.err) == (7, "", told)


@pytest.mark.slow
def test_watching_prints_what_others_do(address: str, base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[store]\npoll = 0.1\n")
    store = open_store(address, "local", "write")
    store.set("first", 1)
    watching = Following("--store", address, "state", "watch", "k", "--since", "0", "-n", "3", "-o", "jsonl")
    with watching.process:
        for number in range(3):
            store.set("elsewhere", number)
            store.set(f"k:{number}", "new")
            assert json.loads(watching.line())["key"] == f"k:{number}"
        assert watching.process.wait(60) == 0
        assert watching.process.stderr is not None
        assert watching.process.stderr.read() == ""


def test_a_large_store_is_warned_of_and_one_too_large_refused(
    address: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WARN_BYTES", 1_500_000)
    monkeypatch.setattr(sending, "MOST_BYTES", 3_000_000)
    piped("--store", address, "state", "set", "a", "-", stdin=b"x" * 2_000_000)
    done = piped("--store", address, "state", "get", "missing")
    assert done.err.splitlines()[0] == (
        f"warning: {place}/local.db has 2 MiB, and every change uploads all of it: "
        "sloth-runner state compact, or etcd:// for a store of this size"
    )
    done = piped("--store", address, "state", "set", "b", "-", stdin=b"y" * 2_000_000)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-2:] == [
        f"error: {place}/local.db: the store would have 4 MiB, and at most 2 MiB are possible: "
        "every change uploads all of it",
        "hint: delete keys, change another one, then forget old history (state compact), or use etcd:// "
        "for a store of this size",
    ]
    assert piped("--store", address, "state", "list", "-o", "keys").out == "a\n"


def test_a_command_whose_answer_is_lost_makes_its_change_once(server: Bucket) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        assert piped("--store", address, "state", "increment", "n").out == "1\n"
        left = [True]

        def once(method: str, path: str) -> bool:
            return method == "PUT" and path.endswith(".db") and bool(left) and left.pop()

        decides.loses_answer = once
        done = piped("--store", address, "state", "increment", "n")
        assert (done.code, done.out, done.err, left) == (0, "2\n", "", [])
