"""A damaged encrypted database never gives a wrong value: what was not written with its key is an error."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import encryption, open_path, open_store
from sloth_tui.store.sqlite.encryption.swap import swap
from tests.cli.support import piped
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = 4096


def flip_bit(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def swap_pages(data: bytearray, chance: random.Random) -> None:
    one, other = chance.sample(range(len(data) // PAGE), 2)
    one, other = one * PAGE, other * PAGE
    data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]


def empty_sector(data: bytearray, chance: random.Random) -> None:
    at = 512 * chance.randrange(len(data) // 512)
    data[at : at + 512] = bytes(512)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


@pytest.mark.parametrize("damage", [flip_bit, swap_pages, empty_sector, cut])
def test_no_value_is_ever_wrong(
    damage: Callable[[bytearray, random.Random], None], base: Path, tmp_path: Path
) -> None:
    truth = {f"key:{number}": f"value {number} " * 20 for number in range(500)}
    with open_store("local", "write") as store:
        store.set_many(truth)
    encryption.encrypt("local")
    sound = (base / "state" / "local.db").read_bytes()
    chance = random.Random(damage.__name__)
    noticed = 0
    for number in range(rounds(8, 125)):
        data = bytearray(sound)
        damage(data, chance)
        path = tmp_path / f"{number}.db"
        path.write_bytes(data)
        wrong = _wrong_values(path, truth)
        assert wrong == {}
        noticed += wrong is not None
        path.unlink()
    assert noticed


def _wrong_values(path: Path, truth: dict[str, str]) -> dict[str, object]:
    """Return what is read and is not as it was written; entries that cannot be read are none of it."""
    wrong: dict[str, object] = {}
    try:
        with open_path(str(path)) as store:
            for key in truth:
                try:
                    found = store.get_many([key])
                except DatabaseUnusable:
                    continue
                if found and found[key] != truth[key]:
                    wrong[key] = found[key]
    except DatabaseUnusable:
        pass
    return wrong


def test_damage_is_told_from_a_key_that_is_missing(database: Path, key_file: Path) -> None:
    piped("state", "encrypt", "--yes")
    sound = database.read_bytes()

    def told(at: int, *, key: bool = True) -> str:
        data = bytearray(sound)
        data[at] ^= 1
        database.write_bytes(data)
        hidden = key_file.with_name("hidden")
        if not key:
            key_file.rename(hidden)
        result = piped("state", "get", "n")
        if not key:
            hidden.rename(key_file)
        assert (result.code, result.out) == (7, "")
        assert database.read_bytes() == bytes(data), "left as it is"
        return result.err.splitlines()[0].removeprefix(f"error: {database}: ")

    assert told(100) == "damaged (its first page is not as it was written with its key)"
    assert told(0) == "damaged (its beginning is lost: there is a key for it, and it does not tell which)"
    assert told(0, key=False) == "not a SQLite database"


def test_a_copy_that_cannot_be_made_changes_nothing_and_tells_no_key(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's message holds the name of the target, and that the key."""
    import traceback

    from sloth_tui.store.sqlite.keys.keyed import target

    key = ("0123abcd", bytes(range(32)))
    monkeypatch.setattr(
        "sloth_tui.store.sqlite.encryption.swap.target", lambda path, key: target(path + "/nowhere", key)
    )
    before = database.read_bytes()
    with pytest.raises(DatabaseUnusable) as failure:
        swap(str(database), key)
    shown = "".join(traceback.format_exception(failure.value))
    assert key[1].hex() not in shown
    assert key[1].hex() not in str(failure.value)
    assert "hexkey=" not in shown
    assert sorted(path.name for path in database.parent.iterdir()) == ["local.db"]
    assert piped("state", "get", "app:version").out == "CANARY-one\n"
    assert len(database.read_bytes()) == len(before)
