"""``state copy``, between agents of this machine and to a server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import final_screen, on_terminal, piped
from tests.servers.etcd import Etcd, needs_etcd
from tests.store.moving import picture, write_a_past
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.moving import Picture

EVERYTHING = ("state", "copy", "--prefix", "")


@pytest.fixture(params=["files", pytest.param("etcd", marks=[pytest.mark.slow, needs_etcd])])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of another store."""
    if request.param == "files":
        yield "files"
    else:
        with Etcd() as etcd:
            yield etcd.address("shop")


@pytest.fixture
def past() -> Picture:
    with open_store("local", "write") as store:
        write_a_past(store)
        return picture(store)


def seen_in(address: str, agent: str) -> Picture:
    with open_store(agent, "read", address=address) as store:
        return picture(store)


def copy(*words: str) -> dict[str, object]:
    result = piped(*EVERYTHING, *words, "-o", "json")
    assert (result.code, result.err) == (0, "")
    found: dict[str, object] = json.loads(result.out)
    return found


def test_all_of_it_then_what_differs_then_nothing(past: Picture, elsewhere: str) -> None:
    to = ("--to-store", elsewhere, "--to-agent", "shop")
    done = copy(*to)
    assert list(done) == [
        "agent",
        "store",
        "to_agent",
        "to_store",
        "prefix",
        "key",
        "to",
        "entries",
        "changed",
        "kept",
        "removed",
        "revisions",
    ]
    assert (done["agent"], done["to_agent"], done["prefix"]) == ("local", "shop", "")
    assert (done["entries"], done["changed"], done["revisions"]) == (
        len(past.entries),
        len(past.entries),
        len(past.revisions),
    )
    assert seen_in(elsewhere, "shop") == past
    assert seen_in("files", "local") == past

    piped("state", "set", "tmp:new", "1")
    piped("state", "delete", "tmp:b", "--yes")
    done = copy(*to)
    assert (done["entries"], done["changed"], done["revisions"]) == (len(past.entries), 1, None)
    with open_store("shop", "read", address=elsewhere) as store:
        assert store.get("tmp:new") == "1"
        assert store.exists("tmp:b")
        newest = store.newest_change_set()
        assert (newest.revisions, newest.origin and newest.origin.title[:14]) == (1, "copy --prefix ")

    done = copy(*to)
    assert (done["changed"], done["revisions"]) == (0, None)
    with open_store("shop", "read", address=elsewhere) as store:
        assert store.newest_change_set() == newest


def test_back_into_files(past: Picture, elsewhere: str) -> None:
    copy("--to-store", elsewhere, "--to-agent", "shop")
    copy("--store", elsewhere, "--agent", "shop", "--to-store", "files", "--to-agent", "back")
    assert seen_in("files", "back") == past


def test_what_is_told_on_a_terminal(past: Picture, elsewhere: str) -> None:
    to = ("--to-store", elsewhere, "--to-agent", "shop")

    def told(*words: str) -> list[str]:
        result = on_terminal("state", "copy", "--prefix", *words, *to, columns=200)
        assert (result.code, result.out) == (0, "")
        return final_screen(result.stderr, 200).splitlines()

    full, copied = told("")
    assert full == f"copying [{'#' * 30}] 100%"
    entries, revisions = len(past.entries), len(past.revisions)
    assert copied.startswith(f"copied {entries} entries and {revisions} revisions to agent 'shop' at ")
    assert told("")[1].endswith(f" has all {entries} entries already; nothing was changed")
    piped("state", "set", "app:n", "1")
    assert told("app:", "--on-conflict", "overwrite")[1].startswith("set 1 of 5 entries in agent 'shop' at ")
    assert told("nothing:") == ["nothing to copy"]


def test_an_agent_without_state_makes_none(elsewhere: str) -> None:
    done = copy("--to-store", elsewhere, "--to-agent", "shop")
    assert (done["entries"], done["changed"], done["revisions"]) == (0, 0, None)
    assert piped("agents", "-o", "keys", "--store", elsewhere).out == "local\n"


def test_broken_off_by_the_user_nothing_is_there_and_the_next_one_does_it(elsewhere: str) -> None:
    with open_store("local", "write") as store:
        for turn in range(5):
            store.set_many({f"k{number:05}": f"{turn} {number}" for number in range(3000)})
    words = [sys.executable, "-m", "sloth_tui", *EVERYTHING, "--to-store", elsewhere, "--to-agent", "shop"]
    screen, device = os.openpty()
    process = subprocess.Popen(words, stdout=device, stderr=device, start_new_session=True)
    os.close(device)
    shown = b""
    while b"copying" not in shown:
        shown += os.read(screen, 1024)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            if not os.read(screen, 1024):
                break
        except OSError:
            break
    assert wait_until(lambda: process.poll() is not None)
    os.close(screen)
    assert process.returncode == 130
    assert "shop" not in piped("agents", "-o", "keys", "--store", elsewhere).out.split()
    done = copy("--store", "files", "--to-store", elsewhere, "--to-agent", "shop")
    assert (done["entries"], done["revisions"]) == (3000, 15000)


@pytest.mark.slow
@needs_etcd
def test_exit_codes() -> None:
    with Etcd() as etcd:
        address = etcd.address("shop")
        piped("state", "set", "a", "1", "--store", address)
        same = piped(*EVERYTHING, "--store", address, "--to-store", address)
        assert (same.code, same.out) == (2, "")
        assert same.err.startswith(f"error: {address}: agent 'local' cannot be copied to itself\n")
        nobody = piped(*EVERYTHING, "--store", address, "--agent", "nobody", "--to-store", "files")
        assert nobody.code == 3
        assert nobody.err == "error: agent 'nobody' has no store\nhint: agents: local\n"
        for words in (("state", "list"), ("state", "get", "a"), ("state", "log"), ("lock", "list")):
            assert piped(*words, "--store", address, "--agent", "nobody").code == 3
        etcd.members[0].stop()
        gone = piped(*EVERYTHING, "--agent", "local", "--store", "files", "--to-store", address)
        assert gone.code == 0  # there is nothing to copy, so nobody is asked
        piped("state", "set", "a", "1", "--store", "files")
        gone = piped(*EVERYTHING, "--store", "files", "--to-store", address)
        assert gone.code == 7
        assert piped(*EVERYTHING, "--store", "files", "--to-store", "etcd://u:p@h/x").code == 2
