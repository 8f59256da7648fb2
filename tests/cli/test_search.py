"""``state search`` and ``state diff`` of two agents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import final_screen, on_terminal, piped
from tests.servers import s3
from tests.servers.etcd import Etcd, needs_etcd

if TYPE_CHECKING:
    from tests.servers.fixtures import Place


@pytest.fixture
def filled() -> None:
    with open_store("local", "write") as store:
        store.set_many(
            {
                "app:100%": "plain",
                "app:needle": "no such thing",
                "app:text": "first\nsecond with 100% needle\nthird",
                "app:table": {"needle": ["ä", 1.5], "n": 2},
                "app:number": 12345,
                "app:bytes": b"\xff\x00needle\xfe",
                "esc\x1b[31m": "needle \x1b]0;owned\x07",
                "long": "x" * 1000 + "needle" + "y" * 1000,
            }
        )
    with open_store("other", "write") as store:
        store.set_many({"app:needle": "no such thing", "needles": "2", "app:number": "12345"})


@pytest.mark.usefixtures("filled")
def test_every_place_is_found_with_its_line_and_nothing_acts_on_a_terminal() -> None:
    found = piped("state", "search", "needle")
    assert (found.code, found.err) == (0, "")
    rows = [line.split("\t") for line in found.out.splitlines()]
    assert [row[:4] for row in rows] == [
        ["local", "app:bytes", "value", "1"],
        ["local", "app:needle", "key", ""],
        ["local", "app:table", "value", "1"],
        ["local", "app:text", "value", "2"],
        ["local", "esc␛[31m", "value", "1"],
        ["local", "long", "value", "1"],
    ]
    texts = [row[4] for row in rows]
    assert texts[1:5] == [
        "no such thing",
        '{"needle":["ä",1.5],"n":2}',
        "second with 100% needle",
        "needle ␛]0;owned␇",
    ]
    assert texts[5] == f"…{'x' * 24}needle{'y' * 130}…"
    seen = on_terminal("state", "search", "needle")
    assert "owned" in final_screen(seen.stdout)
    assert b"\x1b]" not in seen.stdout


@pytest.mark.usefixtures("filled")
def test_text_is_literal_and_places_agents_and_prefixes_are_chosen() -> None:
    for words, keys in (
        (("100%",), ["app:100%", "app:text"]),
        (("100%", "--keys"), ["app:100%"]),
        (("100%", "--values"), ["app:text"]),
        (("0%", "app:t"), ["app:text"]),
        (("NEEDLE",), []),
        (("2345",), ["app:number"]),
        (("needle", "--all-agents", "--keys"), ["app:needle", "app:needle", "needles"]),
        (("needle", "-a", "other"), ["app:needle", "needles"]),
        (("n%dle",), []),
    ):
        found = piped("state", "search", *words, "-o", "keys")
        assert (found.code, found.out.splitlines(), found.err) == (0, keys, "")


@pytest.mark.usefixtures("filled")
def test_machine_formats_are_exact() -> None:
    [record] = json.loads(piped("state", "search", "second with", "-o", "json").out)
    assert list(record) == [
        *("agent", "key", "value", "type", "in_key", "in_value", "line", "updated_at", "revision")
    ]
    assert record["value"] == "first\nsecond with 100% needle\nthird"
    assert (record["in_key"], record["in_value"], record["line"]) == (False, True, 2)
    lines = piped("state", "search", "needle", "-o", "jsonl").out.splitlines()
    assert json.loads(lines[0])["value"] == {"base64": "/wBuZWVkbGX+"}
    assert piped("state", "search", "nothing like it", "-o", "json").out == "[]\n"
    heading, *rows = piped("state", "search", "needle", "--keys", "-o", "csv").out.splitlines()
    assert heading == "agent,key,value,type,in_key,in_value,line,updated_at,revision"
    assert rows[0].startswith("local,app:needle,no such thing,string,true,false,,")


def test_what_cannot_be_searched_is_said() -> None:
    for words, err in (
        (("",), "error: TEXT must not be empty\n"),
        (("x", "--keys", "--values"), "error: --keys and --values exclude each other\n"),
        (("x", "--all-agents", "-a", "b"), "error: --all-agents and --agent exclude each other\n"),
    ):
        found = piped("state", "search", *words)
        assert (found.code, found.out) == (2, "")
        assert found.err.startswith(err)
    nobody = piped("state", "search", "x", "-a", "nobody")
    assert (nobody.code, nobody.err.partition("\n")[0]) == (3, "error: agent 'nobody' has no database")
    assert piped("state", "search", "x")[:2] == (0, b"")


@pytest.mark.slow
@needs_etcd
@pytest.mark.usefixtures("filled")
def test_on_etcd_the_same_is_found() -> None:
    here = piped("state", "search", "needle").out
    with Etcd() as etcd:
        address = etcd.address("shop")
        assert piped("state", "copy", "--prefix", "", "--to-store", address).code == 0
        assert piped("state", "search", "needle", "--store", address).out == here


@pytest.mark.slow
@pytest.mark.usefixtures("filled")
def test_on_s3_the_same_is_found(shared_keeper: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    here = piped("state", "search", "needle").out
    address = f"s3://{s3.BUCKET}/search?endpoint={shared_keeper.endpoint}&region=us-east-1"
    assert piped("state", "copy", "--prefix", "", "--to-store", address).code == 0
    assert piped("state", "search", "needle", "--store", address).out == here
    assert piped("state", "move", "app:text", "app:other", "--store", address).code == 0
    second = piped("state", "search", "second", "--store", address).out
    assert second == "local\tapp:other\tvalue\t2\tsecond with 100% needle\n"


@pytest.mark.usefixtures("filled")
def test_two_agents_are_compared_with_types_and_exit_codes() -> None:
    found = piped("state", "diff", "--agent", "local", "-a", "other", "-o", "jsonl")
    assert (found.code, found.err) == (0, "")
    records = {record["key"]: record for record in map(json.loads, found.out.splitlines())}
    assert "app:needle" not in records
    assert records["app:number"] == {"key": "app:number", "old": 12345, "new": "12345", "secret": False}
    assert (records["needles"]["old"], records["needles"]["new"]) == (None, "2")
    assert (records["app:100%"]["old"], records["app:100%"]["new"]) == ("plain", None)
    assert list(records) == sorted(records, key=str.encode)

    def code(*words: str) -> int:
        return piped("state", "diff", *words, "--exit-code").code

    both = ("--agent", "local", "--agent", "other")
    assert code(*both) == 10
    assert code(*both, "app:needle") == 0
    assert code("0", "0") == 0
    assert code("0") == 10
    assert piped("state", "diff", *both, "a", "b").code == 2
    assert piped("state", "diff", *both, "-a", "third").code == 2
    assert piped("state", "diff", "--agent", "local", "-a", "nobody").code == 3
    assert piped("--agent", "local", "state", "diff", "-a", "other", "needles").out == "needles\t(none)\t2\n"
