"""A passphrase is asked for on the terminal, is not shown, and three wrong ones are enough."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from sloth_tui.errors import PassphraseNeeded
from sloth_tui.store import encryption
from sloth_tui.store.sqlite.keys import passphrase
from tests.ciphers import environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def talk(*words: str, answers: list[tuple[str, str]]) -> tuple[int | None, str]:
    """Run a command on a terminal, answer its questions, and return its exit code and all that was shown."""
    program = pexpect.spawn(
        sys.executable,
        ["-m", "sloth_tui", *words],
        env={**environment(), "TERM": "dumb"},
        encoding="utf-8",
        timeout=60,
        dimensions=(24, 200),
    )
    shown = ""
    for question, answer in answers:
        program.expect_exact(question)
        shown += f"{program.before}{question}"
        program.sendline(answer)
    program.expect(pexpect.EOF)
    program.close()
    return program.exitstatus, f"{shown}{program.before}"


def test_a_passphrase_is_asked_for_where_it_is_needed(
    database: Path, base: Path, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (base / "config.toml").write_text('[encryption]\nkey = "ask"\n')
    new, again = "New passphrase, without which the data is lost: ", "The same again: "
    of_file = f"Passphrase of {key_file}: "
    code, shown = talk("state", "encrypt", answers=[("[y/N] ", "y"), (new, "one"), (again, "other")])
    assert code == 9
    assert "error: not the same passphrase twice; nothing was changed" in shown
    assert not key_file.exists()
    code, shown = talk(
        "state", "encrypt", answers=[("[y/N] ", "y"), (new, "open sesame"), (again, "open sesame")]
    )
    assert code == 0
    assert "encrypted agent 'local' with the key " in shown
    # From now on by one that takes no time: its line in the file tells how much work it is.
    monkeypatch.setattr(passphrase, "_COST", 4)
    with pytest.raises(PassphraseNeeded) as asked:
        encryption.check_key("local")
    assert encryption.unlock(asked.value, "open sesame")
    encryption.change_passphrase("local", "open sesame")
    code, shown = talk("state", "get", "n", answers=[(of_file, "wrong"), (of_file, "open sesame")])
    assert (code, shown.splitlines()[-1]) == (0, "3")
    assert "open sesame" not in shown
    (tmp_path / "t.lua").write_text('task({name = "t", run = function() state.set("n", 4) end})')
    code, shown = talk("run", str(tmp_path / "t.lua"), answers=[(of_file, "open sesame")])
    assert code == 0, shown
    assert "changed n: 3 -> 4" in shown
    code, shown = talk("state", "get", "n", answers=[(of_file, str(number)) for number in range(3)])
    assert code == 7
    assert f"error: {key_file}: wrong passphrase, three times" in shown
