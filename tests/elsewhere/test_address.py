"""Which store is chosen, and what is refused as the address of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import InvalidConfig, UsageError
from sloth_tui.store import address, chosen_store, open_agents, open_store, pin_store
from tests.cli.support import piped
from tests.elsewhere import fake

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = "hint: stores: etcd://, etcds://, s3://, and files on this machine\n"
SECRET = "a store address may not hold a password or a key"
REMEDY = "hint: set $SLOTH_STORE_PASSWORD, or store.password_file in config.toml\n"


def write(base: Path, text: str) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("redis://h/p", "there is no store redis://", KNOWN),
        ("consul://h/p", "consul:// is not offered: no server to prove it on was at hand", KNOWN),
        ("shop.db", "not the address of a store: it begins with no scheme", KNOWN),
        ("://h", "not the address of a store: it begins with no scheme", KNOWN),
        ("a b://h", "not the address of a store: it begins with no scheme", KNOWN),
        ("", "not the address of a store: it begins with no scheme", KNOWN),
        ("etcd://ann:hunter2@h/p", SECRET, REMEDY),
        ("etcd://ann:hunter2@h", SECRET, REMEDY),
        ("etcds://h/p?ca=x&password=hunter2", SECRET, REMEDY),
        ("s3://b/p?aws_secret_access_key=hunter2", SECRET, REMEDY),
        ("redis://ann:hunter2@h/p", SECRET, REMEDY),
        ("etcd://h/\x1b[31m", "a store address has at most 4096 characters, all printable", KNOWN),
        ("etcd://h/" + "p" * 4096, "a store address has at most 4096 characters, all printable", KNOWN),
    ],
    ids=[
        *("unknown", "consul", "no-scheme", "empty-scheme", "odd-scheme", "empty"),
        *("password", "password-no-prefix", "password-option", "secret-option", "password-unknown"),
        *("escape", "long"),
    ],
)
def test_a_bad_address_is_one_line_that_shows_no_password(given: str, message: str, hint: str) -> None:
    expected = (2, "", f"error: {message}\n{hint}")
    for words in (("state", "get", "k", "--store", given), (f"--store={given}", "agents")):
        done = piped(*words)
        assert (done.code, done.out, done.err) == expected
        assert "hunter2" not in done.err


@pytest.mark.parametrize("given", ["etcd://ann@h1:2379,h2/p", "etcds://[::1]:2379/p?key=k.pem", "s3://b/p"])
def test_a_good_address_is_taken(given: str) -> None:
    assert address.backend_of(given) == ("s3" if given.startswith("s3") else "etcd")


def test_an_address_in_the_settings_is_refused_with_its_line(base: Path) -> None:
    write(base, '# mine\n[store]\naddress = "etcd://ann:hunter2@h/p"\n')
    done = piped("state", "get", "k")
    where = base / "config.toml"
    assert (done.code, done.err) == (2, f"error: {where}:3: store.address: {SECRET}\n{REMEDY}")


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("[store]\naddress = 3\n", 2, "store.address: must be non-empty text"),
        ("[store]\nurl = 'x'\n", 2, "store.url: no such setting; there are: address, password_file, poll"),
        ("[store]\npassword_file = ''\n", 2, "store.password_file: must be non-empty text"),
        ("[store]\npoll = 0\n", 2, "store.poll: must be more than 0 and at most an hour, in seconds"),
        ("[store]\npoll = 3601\n", 2, "store.poll: must be more than 0 and at most an hour, in seconds"),
        ("[store]\npoll = 'often'\n", 2, "store.poll: must be a number"),
        ("store = 'x'\n", 1, "store: must be a table"),
    ],
    ids=["number", "unknown", "no-file", "zero", "long", "text", "no-table"],
)
def test_a_wrong_setting_is_named(base: Path, text: str, line: int, complaint: str) -> None:
    write(base, text)
    done = piped("state", "list", "--agent", "local")
    assert (done.code, done.err) == (2, f"error: {base / 'config.toml'}:{line}: {complaint}\n")


def test_flag_then_environment_then_settings_then_files(
    base: Path, far: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store("local", "write", address="files") as store:
        store.set("where", "here")
    with open_store("local", "write", address=fake.ADDRESS) as store:
        store.set("where", "far")
    assert piped("state", "get", "where").out == "here\n"
    write(base, f'[store]\naddress = "{fake.ADDRESS}"\n')
    assert piped("state", "get", "where").out == "far\n"
    monkeypatch.setenv("SLOTH_RUNNER_STORE", "files")
    assert piped("state", "get", "where").out == "here\n"
    assert piped("state", "get", "where", "--store", fake.ADDRESS).out == "far\n"
    monkeypatch.setenv("SLOTH_RUNNER_STORE", fake.ADDRESS)
    assert piped("--store", "files", "state", "get", "where").out == "here\n"


def test_an_empty_variable_chooses_nothing(far: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_RUNNER_STORE", "")
    assert chosen_store() is None


def test_a_name_of_the_settings_may_be_written_with_escapes(base: Path, far: Path) -> None:
    write(base, f'["\\u0073tore"]\n"addre\\u0073s" = "{fake.ADDRESS}"\n')
    assert chosen_store() == fake.ADDRESS


def test_settings_that_cannot_be_read_choose_no_files(base: Path) -> None:
    (base / "config.toml").mkdir(parents=True)
    done = piped("state", "list", "--agent", "local")
    assert done.code == 2
    assert done.err.startswith(f"error: {base / 'config.toml'}: ")


def test_a_pipe_in_place_of_the_settings_is_not_waited_for(base: Path) -> None:
    base.mkdir()
    os.mkfifo(base / "config.toml")
    done = piped("state", "list", "--agent", "local")
    assert (done.code, done.err) == (2, f"error: {base / 'config.toml'}: is not a regular file\n")


def test_once_pinned_the_choice_outlives_the_settings(base: Path, far: Path) -> None:
    assert pin_store() is None
    write(base, f'[store]\naddress = "{fake.ADDRESS}"\n')
    assert chosen_store() is None
    assert os.environ["SLOTH_RUNNER_STORE"] == "files"


def test_a_driver_that_is_not_installed_is_one_line(far: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (far / "driverless.py").write_text("import grpc_is_not_here\n")
    monkeypatch.syspath_prepend(far)
    monkeypatch.setitem(address.OPENINGS, "etcd", "driverless")
    done = piped("state", "get", "k", "--store", "etcd://h/p")
    told = "error: etcd:// needs the package grpc_is_not_here\nhint: pip install 'sloth_tui[etcd]'\n"
    assert (done.code, done.err) == (7, told)
    gone = address.missing_package("etcds://h/p", ModuleNotFoundError("", name="grpc"))
    assert gone.message == "etcds:// needs the package grpcio"


def test_the_password_comes_from_the_environment_or_a_file(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address.password() is None
    write(base, '[store]\npassword_file = "store.pw"\n')
    (base / "store.pw").write_text("pa ss\n")
    (base / "store.pw").chmod(0o600)
    assert address.password() == "pa ss"
    assert address.password_warning() is None
    (base / "store.pw").chmod(0o644)
    path = base / "store.pw"
    assert address.password_warning() == f"others can read {path}: chmod go-rwx {path}"
    monkeypatch.setenv("SLOTH_STORE_PASSWORD", "other")
    assert address.password() == "other"
    assert address.password_warning() is None


@pytest.mark.parametrize(
    "content", [None, b"", b"two\nlines\n", b"\xff\n"], ids=["none", "empty", "two", "bytes"]
)
def test_a_file_without_a_password_is_refused(base: Path, content: bytes | None) -> None:
    write(base, '[store]\npassword_file = "store.pw"\n')
    if content is not None:
        (base / "store.pw").write_bytes(content)
    with pytest.raises(InvalidConfig) as refusal:
        address.password()
    assert str(base / "store.pw") in refusal.value.message


def test_the_pace_is_that_of_the_settings(base: Path) -> None:
    assert address.poll_seconds(2.0) == 2.0
    write(base, "[store]\npoll = 30\n")
    assert address.poll_seconds(2.0) == 30


def test_agents_of_a_bad_address_are_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError):
        open_agents("redis://h/p")
