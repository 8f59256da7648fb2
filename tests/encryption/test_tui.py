"""The terminal UI asks for the passphrase before the agent is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from sloth_tui.errors import PassphraseNeeded
from sloth_tui.store import encryption
from sloth_tui.store.sqlite import keys
from sloth_tui.store.sqlite.keys import passphrase
from sloth_tui.tui.dialogs.passphrase import PassphraseScreen
from tests.tui.driving import running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.driving import Driver

pytestmark = pytest.mark.slow
WORDS = "correct horse"


@pytest.fixture
def locked(base: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(passphrase, "_COST", 4)
    (base / "config.toml").write_text('[encryption]\nkey = "ask"\n')
    with pytest.raises(PassphraseNeeded) as asked:
        encryption.encrypt("local")
    encryption.unlock(asked.value, WORDS)
    encryption.encrypt("local")
    keys.forget()
    return base


async def answer(driver: Driver, words: str) -> None:
    await until(lambda: isinstance(driver.app.screen, PassphraseScreen))
    field = driver.app.screen.query_one(Input)
    await until(lambda: not field.disabled)
    field.value = words
    await driver.pilot.press("enter")


async def test_it_asks_until_it_is_answered_or_left(locked: Path) -> None:
    async with running(agent="local") as driver:
        await driver.sees("Agent local is encrypted. Its passphrase:")
        await driver.press("escape")
        await driver.sees("f5 asks for it")
        await driver.sees("✗ locked")
        assert not isinstance(driver.app.screen, PassphraseScreen)
        await driver.press("f5")
        await answer(driver, "wrong")
        await driver.sees("wrong passphrase; 2 tries left")
        await answer(driver, "wrong")
        await answer(driver, "wrong")
        await until(lambda: any("wrong passphrase, three times" in toast for toast in driver.toasts))
        await driver.press("f5")
        await answer(driver, WORDS)
        await driver.sees("CANARY-one")
        await driver.sees("2 keys")
        assert WORDS not in driver.text()
    left = [path for path in locked.rglob("*") if path.is_file() and WORDS.encode() in path.read_bytes()]
    assert left == []
