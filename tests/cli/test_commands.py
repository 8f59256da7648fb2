"""Each command changes the store as it should, or refuses with the right message."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.cli.parsing import registry
from sloth_tui.errors import SlothError
from sloth_tui.store import open_store
from sloth_tui.store.process import host_name
from tests.cli.support import on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value


def stored(key: str, agent: str = "local") -> Value | None:
    with open_store(agent) as store:
        return store.get(key)


# -- get, increment


def test_get_prints_what_there_is_and_names_what_is_not() -> None:
    piped("state", "set", "a", "1")
    result = piped("state", "get", "x", "a", "y", "a")
    assert (result.code, result.out) == (3, "1\n1\n")
    assert result.err == "error: no such keys: 'x', 'y'\n"


def test_increment_counts_exactly() -> None:
    assert piped("state", "increment", "n", str(2**62)).out == f"{2**62}\n"
    assert piped("state", "increment", "n", "-1").out == f"{2**62 - 1}\n"
    assert piped("state", "increment", "n", "--", str(-(2**62))).out == "-1\n"
    assert piped("state", "increment", "f", "0.5").out == "0.5\n"
    assert piped("state", "increment", "n", "x").code == 2


# -- delete, clear


@pytest.mark.parametrize("words", [["delete", "a", "b"], ["clear"], ["clear", "--prefix", "a"]])
@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"nonsense\n", b"\x04"])
def test_anything_but_yes_changes_nothing(words: list[str], typed: bytes) -> None:
    piped("state", "set", "a", "1")
    piped("state", "set", "b", "2")
    result = on_terminal("state", *words, typed=typed)
    count = "1 key" if "--prefix" in words else "2 keys"
    assert result.err.startswith(f"Delete {count} of agent 'local'")
    assert "? [y/N] " in result.err
    assert result.code == 9
    assert piped("state", "get", "a", "b").out == "1\n2\n"


@pytest.mark.parametrize("words", [["delete", "a"], ["clear"]])
def test_without_a_terminal_nothing_is_deleted_unasked(words: list[str], base: Path) -> None:
    piped("state", "set", "a", "1")
    before = (base / "state" / "local.db").read_bytes()
    result = piped("state", *words, stdin=b"y\n")
    assert result.code == 9
    assert (base / "state" / "local.db").read_bytes() == before


def test_clear_does_not_take_what_came_while_it_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    piped("state", "set", "a", "1")

    def meanwhile(*_: object, **__: object) -> None:
        piped("state", "set", "b", "2")

    monkeypatch.setattr("sloth_tui.cli.commands.state_remove.confirm", meanwhile)
    result = piped("state", "clear")
    assert result.code == 5
    assert "there are 2 keys now, not 1; nothing was deleted" in result.err
    assert piped("state", "get", "a", "b").code == 0


def test_delete_is_all_or_nothing_unless_told_otherwise() -> None:
    piped("state", "set", "a", "1")
    assert piped("state", "delete", "a", "missing", "--yes").code == 3
    assert stored("a") == "1"
    assert piped("state", "delete", "a", "missing", "a", "--yes", "--ignore-missing").code == 0
    assert stored("a") is None
    assert piped("state", "delete", "a", "--ignore-missing").code == 0


# -- agents


def test_agent_by_flag_by_environment_by_configuration(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for agent in ("local", "one", "two", "three"):
        piped("state", "set", "who", agent, "--agent", agent)
    (base / "config.toml").write_text('agent = "one"\n')
    assert piped("state", "get", "who").out == "one\n"
    monkeypatch.setenv("SLOTH_RUNNER_AGENT", "two")
    assert piped("state", "get", "who").out == "two\n"
    for words in ("--agent three state get who", "state get -a three who", "state get who --agent=three"):
        assert piped(*words.split()).out == "three\n"


@pytest.mark.parametrize("name", ["../etc/passwd", "", "a/b", "-x", "x" * 65, "é"])
def test_an_agent_name_is_refused_before_a_file_is_touched(name: str, base: Path) -> None:
    result = piped("state", "set", "k", "v", f"--agent={name}")
    assert result.code == 2
    assert not base.exists()


def test_reading_never_creates_a_file(base: Path) -> None:
    for words in ("state list", "state stats", "lock list", "agents", "state clear --yes"):
        assert piped(*words.split()).code == 0
    for words in ("state get k", "state show k", "state list -a other", "state clear -a other --yes"):
        assert piped(*words.split()).code == 3
    assert not base.exists()


# -- locks


def test_a_lock_stays_when_the_process_that_took_it_is_gone() -> None:
    words = ["lock", "acquire", "deploy", "--holder", "me", "--ttl", "60"]
    first = subprocess.run([sys.executable, "-m", "sloth_tui", *words], capture_output=True, text=True)
    assert first.stdout == "1\n"
    refused = piped(*words)
    assert (refused.code, refused.out) == (4, "")
    assert re.fullmatch(r"error: lock 'deploy' is held by 'me' for another [0-9ms ]+\n", refused.err)
    for look in (piped, on_terminal):
        shown = look("lock", "list").out
        assert f"{host_name()}:" in shown
        assert "gone" not in shown
    assert piped("lock", "release", "deploy", "--holder", "other").code == 6
    assert piped("lock", "release", "deploy", "--holder", "me").code == 0
    assert piped(*words).out == "2\n"
    assert piped("lock", "break", "deploy").code == 0
    assert piped("lock", "list", "-o", "json").out == "[]\n"


def test_who_broke_which_lock_is_listed() -> None:
    assert piped("lock", "list", "--broken").out == ""
    for name in ("deploy", "back\x1bup"):
        piped("lock", "acquire", name, "--holder", "me", "--ttl", "60")
        assert piped("lock", "break", name).code == 0
    (newest, oldest) = json.loads(piped("lock", "list", "--broken", "-o", "json").out)
    assert list(newest)[:4] == ["at", "name", "holder", "token"]
    assert (newest["name"], newest["holder"], newest["token"]) == ("back\x1bup", "me", 1)
    assert oldest["title"] == "break lock deploy"
    assert piped("lock", "list", "--broken", "-o", "keys").out == "back\x1bup\ndeploy\n"
    shown = piped("lock", "list", "--broken").out.splitlines()
    assert [line.split("\t")[1:4] for line in shown] == [["back\u241bup", "me", "1"], ["deploy", "me", "1"]]


def test_waiting_for_a_lock_ends() -> None:
    piped(*["lock", "acquire", "deploy", "--holder", "a", "--ttl", "60"])
    assert piped(*["lock", "acquire", "deploy", "--holder", "b", "--ttl", "60", "--wait", "0.05"]).code == 4
    piped(*["lock", "acquire", "brief", "--holder", "a", "--ttl", "0.05"])
    assert piped(*["lock", "acquire", "brief", "--holder", "b", "--ttl", "60", "--wait", "60"]).out == "2\n"


# -- all of them


@pytest.mark.parametrize("path", registry.paths(), ids=" ".join)
def test_every_help_has_an_example_of_this_very_command(path: tuple[str, ...]) -> None:
    result = piped(*path, "--help")
    assert result.code == 0
    _, _, examples = result.out.partition("\nexample")
    assert f"sloth-runner {' '.join(path)}" in examples
    assert max(map(len, result.out.splitlines())) <= 100


@pytest.mark.parametrize("words", ["state merge", "lock steal"])
def test_there_is_no_trace_of_commands_that_do_not_exist(words: str) -> None:
    group, name, *_ = words.split()
    assert piped(*words.split()).code == 2
    assert f" {name} " not in piped(group, "--help").out


@pytest.mark.parametrize("path", registry.paths(), ids=" ".join)
def test_debug_shows_where_an_error_was_raised(path: tuple[str, ...]) -> None:
    for words in ((*path, "--bogus", "--debug"), ("--debug", *path, "--bogus")):
        result = piped(*words)
        assert result.code == 2
        assert result.err.startswith("Traceback (most recent call last):\n")
        assert "\nerror: unrecognized arguments: --bogus\n" in result.err


def test_a_defect_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("\x1b[2J")

    monkeypatch.setattr("sloth_tui.cli.commands.state_get.entries", broken)
    result = piped("state", "get", "k")
    assert (result.code, result.err) == (
        1,
        "error: unexpected failure: KeyError: '\\x1b[2J'\nhint: add --debug to see where\n",
    )


def test_a_home_that_is_no_directory_is_one_line(base: Path) -> None:
    base.write_text("a file where the directory should be")
    for words in ("state get k", "state set k v", "state set k v -a local", "state set k v -a other"):
        result = piped(*words.split())
        assert result.code in (2, 7, 8)
        assert re.fullmatch(rf"error: .*{re.escape(str(base))}.*\n(hint: .*\n)?", result.err)


def test_json_shapes_are_what_the_contract_says() -> None:
    piped("state", "set", "k", "v")
    piped("lock", "acquire", "l", "--holder", "h", "--ttl", "5")
    shown = json.loads(piped("state", "show", "k", "-o", "json").out)
    assert list(shown) == ["key", "value", "type", "created_at", "updated_at", "revision", "size"]
    assert json.loads(piped("state", "list", "-o", "jsonl").out) == shown
    stats = json.loads(piped("state", "stats", "-o", "json").out)
    assert list(stats)[:4] == ["total_keys", "total_size", "last_modified", "backend"]
    (lock,) = json.loads(piped("lock", "list", "-o", "json").out)
    assert list(lock) == ["name", "holder", "acquired_at", "expires_at", "remaining", "token", "owner"]


def test_every_error_class_has_the_exit_code_its_docstring_says() -> None:
    from sloth_tui import errors

    assert errors.__doc__ is not None
    for line in errors.__doc__.splitlines():
        words = line.replace("|", " ").replace("`", " ").replace("-", " ").split()
        if len(words) > 1 and words[1].isdecimal() and hasattr(errors, words[0]):
            kind = getattr(errors, words[0])
            assert issubclass(kind, SlothError)
            assert kind.exit_code == int(words[1])
