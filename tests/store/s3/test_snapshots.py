"""The snapshot on the server, and its copy on this machine."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError, UsageError
from sloth_tui.model import Query
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.copies import reading
from sloth_tui.store.s3.writing import sending
from tests.servers.imitations import between
from tests.servers.s3 import path_in
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.s3 import Bucket
    from tests.store.s3.conftest import OpenS3


def test_a_deleted_secret_is_in_no_snapshot(address: str, server: Bucket, open_s3: OpenS3) -> None:
    store = open_s3()
    hidden = "hunter2" * 2000
    store.set("password", hidden)
    assert b"hunter2hunter2" in server.get(path_in(address, "local.db"))
    store.mark_secret("password")
    store.set("password", "x")
    store.delete("password")
    assert b"hunter2" not in server.get(path_in(address, "local.db"))


def test_compaction_makes_the_snapshot_smaller(open_s3: OpenS3) -> None:
    store = open_s3()
    for number in range(8):
        store.set("key", str(number) * 100_000)
    size = dict(store.stats().storage)["snapshot"]
    assert store.compact(keep=1) > 0
    assert int(dict(store.stats().storage)["snapshot"]) < int(size) / 2
    assert open_s3(machine="other").get("key") == "7" * 100_000


def test_a_large_store_is_warned_of_and_one_too_large_refused(
    open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WARN_BYTES", 200_000)
    monkeypatch.setattr(sending, "MOST_BYTES", 450_000)
    store = open_s3()
    store.set("key", "x")
    assert store.warning() is None
    store.set("large", "x" * 250_000)
    assert "every change uploads all of it" in str(store.warning())
    with pytest.raises(UsageError, match=r"are possible: every change uploads all of it$") as refused:
        store.set("larger", "x" * 300_000)
    assert "etcd://" in str(refused.value.hint)
    assert list(store.keys()) == ["key", "large"]
    # What is deleted goes into the history, and still it can be.
    open_s3(machine="other").delete("large")
    assert store.count() == 1
    with pytest.raises(UsageError):
        store.set("larger", "x" * 300_000)
    store.set("key", "newer than the deletion")
    store.compact()
    store.set("larger", "x" * 300_000)
    assert open_s3(machine="other").get("larger") == "x" * 300_000


if rounds(0, 1):  # a gigabyte travels

    @pytest.mark.timeout(900)
    def test_a_store_of_nearly_256_mib_is_kept_and_a_larger_one_refused(open_s3: OpenS3) -> None:
        store, mib = open_s3(), 1 << 20
        for number in range(4):
            store.set(f"key-{number}", f"{number}" * (60 * mib))
        with pytest.raises(UsageError, match=r"would have 26\d MiB, and at most 256 MiB are possible"):
            store.set("more", "x" * (20 * mib))
        other = open_s3(machine="other")
        assert list(other.keys()) == [f"key-{number}" for number in range(4)]
        assert other.get("key-3") == "3" * (60 * mib)
        other.delete("key-0")
        assert store.count() == 3


def test_the_copy_is_for_its_owner_alone_and_no_more_than_a_copy(
    address: str, open_s3: OpenS3, tmp_path: Path
) -> None:
    store = open_s3()
    store.set("key", 1)
    cache = tmp_path / "here" / "cache"
    found = [path for path in cache.rglob("*") if path.is_file()]
    assert found
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in cache.rglob("*") if path.is_dir()} == {0o700}
    store.close()
    for path in found:
        path.unlink()
    assert open_s3().get("key") == 1


def test_a_damaged_copy_is_fetched_anew_after_the_machine_was_off(open_s3: OpenS3, tmp_path: Path) -> None:
    """It is not flushed to the disk."""
    store = open_s3()
    store.set("key", 1)
    store.close()
    (copy,) = (tmp_path / "here" / "cache").rglob("local.db")
    known = Path(f"{copy}.etag")
    copy.write_bytes(b"\0" * 4096)
    known.write_text(known.read_text().replace(SYSTEM_CLOCK.boot_id, "another-boot"))
    assert open_s3().get("key") == 1


def test_an_error_of_the_copy_names_the_store_and_the_copy_is_fetched_anew(
    address: str, open_s3: OpenS3, tmp_path: Path
) -> None:
    def spoil() -> None:
        for path in (tmp_path / "here" / "cache").rglob("local.db*"):
            if path.name in ("local.db-wal", "local.db-shm"):
                path.unlink()
        (copy,) = (tmp_path / "here" / "cache").rglob("local.db")
        copy.write_bytes(b"no database" * 1000)

    def told(attempt: Callable[[], object]) -> tuple[int, str, str | None]:
        with pytest.raises(SlothError) as failed:
            attempt()
        return failed.value.exit_code, failed.value.message, failed.value.hint

    place = address.partition("?")[0]
    message = f"{place}/local.db: the copy on this machine: not a SQLite database"
    expected = (7, message, "try again: then it is fetched anew")
    open_s3().set("key", 1)
    for read_only in (True, False):
        spoil()
        assert told(lambda: open_s3(read_only=True).get("key")) == expected
        with open_s3(read_only=read_only) as store:
            assert store.get("key") == 1
            spoil()
            assert told(lambda: open_s3().set("key", 2)) == expected
        assert open_s3().get("key") == 1


def test_a_copy_without_its_etag_or_with_another_is_not_trusted(open_s3: OpenS3, tmp_path: Path) -> None:
    """What a process leaves that is killed between the two."""
    store, other = open_s3(), open_s3(machine="other")
    store.set("key", "first")
    for number, content in enumerate(('["\\"old\\"", "", "", 0]', "", "{}", "[1, 2")):
        other.set("key", number)
        (known,) = (tmp_path / "here" / "cache").rglob("*.etag")
        known.write_text(content)
        assert store.get("key") == number
        assert store.increment("n") == number + 1


def test_nothing_is_fetched_that_is_there(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        store = open_s3(address)
        store.set("key", "x" * 100_000)
        decides.requests.clear()
        reader = open_s3(address, read_only=True)
        assert reader.get("key") == store.get("key")
        assert [method for method, path in decides.requests if path.endswith(".db")] == ["GET"] * 3
        store.set("key", "x" * 100_000)
        assert [path for method, path in decides.requests if method == "PUT"] == [], "nothing changed"


def test_a_walk_goes_on_in_the_snapshot_of_its_beginning(open_s3: OpenS3) -> None:
    store, other = open_s3(), open_s3(machine="other")
    store.set_many({f"key-{number:05}": number for number in range(20_000)})
    walk = other.items()
    assert next(walk) == ("key-00000", 0)
    store.delete_prefix("")
    assert open_s3(machine="third").count() == 0
    assert sum(1 for _ in walk) == 19_999


def test_a_window_shows_what_other_machines_write(open_s3: OpenS3) -> None:
    store, other = open_s3(), open_s3(machine="other", read_only=True)
    window = other.window()
    try:
        window.supersede(1)
        assert list(window.index(Query(), 1))[-1] == (0, True)
        for number in range(1, 4):
            store.set(f"key-{number}", number)
            assert list(window.index(Query(), 1))[-1] == (number, True)
            page = window.page(1, 0, 10)
            assert page is not None
            assert [row.key for row in page if row] == [f"key-{at}" for at in range(1, number + 1)]
    finally:
        window.close()


def test_a_program_of_one_handle_makes_one_change_set(open_s3: OpenS3) -> None:
    store, other = open_s3(), open_s3(machine="other")
    for number in range(3):
        store.set("key", number)
        other.set("other", number)
    assert [found.revisions for found in store.change_sets()] == [3, 3]
    newest = store.newest_change_set()
    assert other.undo(newest) == 1
    assert len(list(store.keys())) == 1


def test_a_transaction_without_a_change_creates_no_store(
    address: str, server: Bucket, open_s3: OpenS3
) -> None:
    store = open_s3()
    with store.transaction():
        assert store.get("key") is None
        store.delete("key")

    def fail() -> None:
        with store.transaction():
            store.set("key", 1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.compact() == 0
    assert not [path for path in server.paths(path_in(address)) if path.endswith(".db")]
    with store.transaction():
        store.set("key", 1)
    assert open_s3(machine="other").get("key") == 1
