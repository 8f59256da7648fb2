"""Where keys come from, and the words for each way in which one is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import encryption, hide_keys
from sloth_tui.store.sqlite import keys
from tests.cli.support import piped

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def configure(base: Path, text: str) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)


def reads(agent: str = "local") -> bool:
    keys.forget()
    return piped("state", "get", "app:version", "--agent", agent).out == "CANARY-one\n"


def fails(*words: str) -> str:
    """Return the one message with which reading is refused."""
    keys.forget()
    result = piped("state", "get", "app:version")
    assert (result.code, result.out) == (7, "")
    for word in words:
        assert word in result.err
    return result.err


@pytest.mark.parametrize(
    ("source", "warned"),
    [
        ("file:{dir}/my.key", False),
        ("command:echo '# a comment'; cat {dir}/given", False),
        ("env:SLOTH_TEST_KEY", True),
        ("credential:sloth.key", False),
    ],
)
def test_each_source_gives_the_key(
    source: str, warned: bool, database: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "given").write_text(KEY + "\n")
    (tmp_path / "sloth.key").write_text(KEY + "\n")
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    configure(base, f'[encryption]\nkey = "{source.format(dir=tmp_path)}"\n')
    result = piped("state", "encrypt", "--yes")
    assert result.code == 0
    assert ("/proc" in result.err) == warned
    assert reads()
    assert not (base / "keys").exists()


def test_an_agent_has_a_source_of_its_own(database: Path, base: Path, tmp_path: Path) -> None:
    configure(base, f'[encryption]\nkey = "env:NONE"\n[agents.local]\nkey = "file:{tmp_path}/local.key"\n')
    assert piped("state", "encrypt", "--yes").code == 0
    assert (tmp_path / "local.key").exists()
    assert reads()


def test_flag_and_environment_overrule_the_file_and_name_a_source_only(
    database: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(base, '[encryption]\nkey = "env:NONE"\n')
    monkeypatch.setenv("SLOTH_RUNNER_KEY", "env:NEITHER")
    assert piped("state", "encrypt", "--yes", "--key", KEY).code == 2
    assert KEY not in piped("state", "encrypt", "--yes", "--key", KEY).err
    result = piped("state", "encrypt", "--yes", "--key", f"file:{tmp_path}/k")
    assert result.code == 0
    assert "set it to file:" in result.err
    assert reads()
    monkeypatch.setenv("SLOTH_RUNNER_KEY", "env:NEITHER")
    fails("encrypted, and there is no key for it: $NEITHER is not set")
    monkeypatch.setenv("SLOTH_RUNNER_KEY", f"file:{tmp_path}/k")
    assert reads()


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (
            KEY,
            "must be file, file:PATH, command:COMMAND, env:NAME, credential:NAME or ask, never a key itself",
        ),
        ("keyring:x", "is not offered; command:COMMAND reaches a keyring"),
        ("env:a b", "env: must be followed by the name of a variable"),
        ("env:", "env: lacks what follows"),
        ("credential:../x", "credential: must be followed by a name without '/'"),
        ("file:", "must have printable text after the colon"),
        ("ask:x", "ask takes nothing after it"),
    ],
)
def test_a_bad_source_is_a_mistake_in_the_settings(
    setting: str, problem: str, base: Path, database: Path
) -> None:
    configure(base, f'[encryption]\nkey = "{setting}"\n')
    result = piped("state", "encrypt", "--yes")
    assert result.code == 2
    assert f"{base}/config.toml:2: encryption.key: {problem}" in result.err
    assert KEY not in result.err


def test_no_key_wrong_key_bad_key_and_exposed_key_are_told_apart(database: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    needed = database.read_bytes()[8:16].decode()
    good = key_file.read_text()
    before = database.read_bytes()
    key_file.unlink()
    fails(f"error: {database}: encrypted, and there is no key for it: {key_file} does not exist\nhint: ")
    key_file.touch(mode=0o600)
    key_file.write_text(OTHER)
    fails(
        f"error: {database}: encrypted, and the key from {key_file} is not its key: it needs {needed}, "
        f"there is {keys.id_of(bytes.fromhex(OTHER))}\nhint: it was left as it is\n"
    )
    key_file.write_text("# nothing\nabc\n")
    assert "abc" not in fails(f"error: {key_file}: line 2 is not a key\n")
    key_file.write_text("# nothing\n")
    fails(f"error: {key_file}: holds no key\n")
    key_file.write_text(good)
    key_file.chmod(0o640)
    fails(f"error: {key_file}: others can read this key\nhint: chmod go-rwx {key_file}; ")
    key_file.chmod(0o600)
    assert reads()
    assert database.read_bytes() == before


def test_a_command_that_fails_is_quoted(database: Path, base: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    key_file.unlink()
    configure(base, "[encryption]\nkey = \"command:echo 'no identity' >&2; exit 3\"\n")
    fails("there is no key for it: the command 'echo ", "' failed with exit code 3\nhint: no identity\n")


def test_the_key_under_the_id_of_another_is_never_used(database: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    key_file.write_text(f"{database.read_bytes()[8:16].decode()} {OTHER}\n")
    other = keys.id_of(bytes.fromhex(OTHER))
    fails(
        f"error: {database}: encrypted, and what its key file calls ",
        f" is another key ({other})\nhint: put ",
    )


def test_a_source_that_is_no_file_has_to_give_the_new_key_first(
    database: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(base, '[encryption]\nkey = "env:SLOTH_TEST_KEY"\n')
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    piped("state", "encrypt", "--yes")
    result = piped("state", "rekey", "--yes")
    assert result.code == 5
    assert "error: $SLOTH_TEST_KEY gives no other key than the one in use (" in result.err
    monkeypatch.setenv("SLOTH_TEST_KEY", f"{OTHER}\n{KEY}")
    assert piped("state", "rekey", "--yes").code == 0
    monkeypatch.setenv("SLOTH_TEST_KEY", OTHER)
    assert reads()


def test_no_process_inherits_a_key_from_the_environment(
    database: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(base, '[encryption]\nkey = "env:SLOTH_TEST_KEY" # comment\n')
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    piped("state", "encrypt", "--yes")
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    hide_keys()
    assert "SLOTH_TEST_KEY" not in os.environ
    assert reads()


def test_a_command_under_a_lock_does_not_inherit_one_either(
    database: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(base, '[encryption]\nkey = "env:SLOTH_TEST_KEY"\n')
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    piped("state", "encrypt", "--yes")
    monkeypatch.setenv("SLOTH_TEST_KEY", KEY)
    command = ["sh", "-c", 'echo "<$SLOTH_TEST_KEY>"; tr "\\0" "\\n" </proc/self/environ | grep -c TEST_KEY']
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", "lock", "run", "x", "--", *command],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("<>\n0\n", "")


def test_a_key_beside_the_database_is_warned_of(database: Path, base: Path) -> None:
    configure(base, f'[encryption]\nkey = "file:{base}/state/the.key"\n')
    assert (
        "lies beside the database: a copy of that directory has both"
        in piped("state", "encrypt", "--yes").err
    )


def test_a_passphrase_protects_the_key_and_not_the_database(
    database: Path, base: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sloth_tui.errors import PassphraseNeeded
    from sloth_tui.store.sqlite.keys import passphrase

    monkeypatch.setattr(passphrase, "_COST", 4)
    configure(base, '[encryption]\nkey = "ask"\n')
    result = piped("state", "encrypt", "--yes")
    assert result.code == 7
    assert result.err.startswith(f"error: {key_file}: a new key needs a passphrase that protects it\n")
    with pytest.raises(PassphraseNeeded) as asked:
        encryption.encrypt("local")
    assert encryption.unlock(asked.value, "correct horse")
    encryption.encrypt("local")
    fails(f"error: {database}: encrypted, and a passphrase protects its key\nhint: there is no terminal")
    for tried, opens in (("wrong", False), ("", False), ("correct horse", True)):
        keys.forget()
        with pytest.raises(PassphraseNeeded) as asked:
            encryption.check_key("local")
        assert encryption.unlock(asked.value, tried) is opens
    before, line = database.read_bytes(), key_file.read_text()
    encryption.change_passphrase("local", "battery staple")
    assert database.read_bytes() == before
    assert key_file.read_text() != line
    keys.forget()
    with pytest.raises(PassphraseNeeded) as asked:
        encryption.check_key("local")
    assert not encryption.unlock(asked.value, "correct horse")
    assert encryption.unlock(asked.value, "battery staple")
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
