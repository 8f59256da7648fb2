"""What the reader is told about its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from sloth_tui.tui.services import poller as module
from sloth_tui.tui.services.poller import Poller
from tests.tui.state import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


@pytest.fixture
def store(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    # Each change is reported at the next look.
    monkeypatch.setattr(module, "_ROUND_SECONDS", 0.0)
    write(0)
    with open_store("local", "read") as store:
        yield store


@pytest.fixture
def poller(store: Store) -> Poller:
    poller = Poller()
    assert poller.follow("local")
    poller.begin(store)
    return poller


def write(value: int) -> None:
    elsewhere(f"open_store('local', 'write').__enter__().set('a', {value})")


def test_a_change_is_reported_once(poller: Poller, store: Store) -> None:
    assert poller.poll(store) is None
    write(1)
    assert [poller.poll(store) for _ in range(2)] == ["change", None]


def test_during_a_pause_the_first_change_waits_and_others_are_not_reported(
    poller: Poller, store: Store
) -> None:
    poller.pause(True)
    assert poller.poll(store) is None
    write(1)
    assert [poller.poll(store) for _ in range(2)] == ["waits", None]
    write(2)
    assert poller.poll(store) is None
    poller.pause(False)
    assert [poller.poll(store) for _ in range(2)] == ["change", None]


def test_a_look_that_was_asked_for_is_due_at_once_and_sees_through_a_pause(
    poller: Poller, store: Store
) -> None:
    poller.pause(True)
    poller.poll(store)
    assert poller.seconds_left > 0
    write(1)
    poller.look_now()
    assert poller.seconds_left == 0
    assert poller.poll(store) == "change"
    write(2)
    assert poller.poll(store) == "waits"


def test_another_file_in_the_place_of_the_store_is_reported(poller: Poller, store: Store, base: Path) -> None:
    elsewhere("open_store('other', 'write').__enter__().set('a', 5)")
    (base / "state" / "other.db").rename(base / "state" / "local.db")
    assert poller.poll(store) == "anew"


def test_without_a_store_only_its_files_count(base: Path) -> None:
    poller = Poller()
    assert not poller.follow("web")
    poller.wait()
    assert poller.poll(None) is None
    elsewhere("open_store('web', 'write').__enter__().set('a', 1)")
    assert poller.poll(None) == "anew"


def test_what_was_put_right_while_it_was_opened_in_vain_is_reported(base: Path) -> None:
    elsewhere("open_store('local', 'write').__enter__().set('a', 1)")
    (base / "state" / "local.db").chmod(0o400)
    poller = Poller()
    assert poller.follow("local")
    (base / "state" / "local.db").chmod(0o600)
    poller.wait()
    assert poller.poll(None) == "anew"


def test_other_permissions_of_the_directory_are_reported(base: Path) -> None:
    elsewhere("open_store('local', 'write').__enter__().set('a', 1)")
    poller = Poller()
    assert poller.follow("local")
    poller.wait()
    assert poller.poll(None) is None
    (base / "state").chmod(0o500)
    assert poller.poll(None) == "anew"
    (base / "state").chmod(0o700)
