"""Backups: what is in them, how many are kept, what they are checked for, and how they come back."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, DatabaseDamaged, DatabaseUnusable, NotFound, NotWritable
from sloth_tui.store import open_agents, open_path, open_store
from sloth_tui.store.backups import back_up_first, find_backup, list_backups, restore, save
from tests.store.sqlite.others import DOCUMENTED, run_other
from tests.store.sqlite.repair.test_repair import kill_soon
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store

VALUES: dict[str, Value] = {"a": 1, "b": "text", "c": {"list": [1.5, None]}, "d": b"\xff", "e": True}


def write(values: dict[str, Value], agent: str = "local") -> None:
    with open_store(agent, "write") as store:
        store.set_many(values)


def read(agent: str = "local") -> dict[str, Value]:
    with open_store(agent) as store:
        return dict(store.items())


def picture(store: Store) -> tuple[object, ...]:
    return (
        list(store.entries()),
        list(store.revisions_since(0)),
        list(store.change_sets()),
        store.revision(),
    )


def test_a_backup_is_one_file_with_everything_and_its_checksum_beside_it(base: Path) -> None:
    write(VALUES)
    write({"a": 2})
    path = save("local")
    with open_store("local") as store, open_path(path) as saved:
        assert picture(saved) == picture(store)
    name = os.path.basename(path)
    assert sorted(os.listdir(base / "backups")) == [name, f"{name}.sha256"]
    digest = hashlib.sha256((base / "backups" / name).read_bytes()).hexdigest()
    assert (base / "backups" / f"{name}.sha256").read_text() == f"{digest}  {name}\n"
    modes = [os.stat(file).st_mode & 0o777 for file in (path, path + ".sha256", base / "backups")]
    assert modes == [0o600, 0o600, 0o700]


def test_backups_are_listed_newest_first_and_found_by_name(base: Path) -> None:
    write(VALUES)
    write(VALUES, "web")
    mine = [save("local") for _ in range(3)]
    save("web")
    (base / "backups" / "local.txt").write_text("no backup")
    (base / "backups" / "local.damaged-20260101T000000Z.db").write_text("no backup")
    assert [backup.path for backup in list_backups("local")] == mine[::-1]
    assert len(list_backups()) == 4
    assert find_backup(os.path.basename(mine[0])) == mine[0]
    with pytest.raises(NotFound, match=r"nothing\.db: no such file"):
        find_backup("nothing.db")


def test_the_last_automatic_backups_of_each_agent_are_kept(base: Path) -> None:
    write(VALUES)
    write(VALUES, "web")
    asked = save("local")
    made = [back_up_first("local", "clear") for _ in range(7)]
    back_up_first("web", "clear")
    kept = [backup.path for backup in list_backups("local") if backup.reason == "clear"]
    assert kept == made[:-6:-1]
    assert os.path.exists(asked)
    assert len(list_backups("web")) == 1
    assert len(os.listdir(base / "backups")) == 2 * (5 + 1 + 1)
    (base / "config.toml").write_text("[backups]\nkeep = 2\n")
    back_up_first("local", "import")
    assert [backup.reason for backup in list_backups("local")] == ["import", "clear", None]
    (base / "config.toml").write_text("[backups]\nkeep = 0\n")
    assert back_up_first("local", "clear") is None
    assert len(list_backups("local")) == 3


def test_nothing_is_saved_of_an_agent_without_state() -> None:
    assert back_up_first("local", "clear") is None
    assert back_up_first("nobody", "clear") is None


def test_without_room_for_a_backup_the_hint_says_how_to_do_without(base: Path) -> None:
    write(VALUES)
    (base / "backups").write_text("in the way")
    with pytest.raises(NotWritable, match="no backup could be made before: ") as error:
        back_up_first("local", "clear")
    assert error.value.hint == "nothing was changed; backups.keep = 0 in config.toml does without"


def test_a_restore_is_one_change_that_others_follow_and_undo_takes_back() -> None:
    write(VALUES)
    path = save("local")
    write({"a": "other", "new": 1})
    with open_store("local", "write") as store:
        store.delete("b")
        token = store.acquire("deploy", "me", 3600).token
    with open_store("local") as follower:
        since, before = follower.revision(), read()
        done = restore("local", path)
        assert (done.entries, done.changed, done.removed, done.history) == (5, 2, 1, False)
        assert done.verified
        changed = {revision.key: revision.new for revision in follower.follow(since)}
        assert changed == {"a": 1, "b": "text", "new": None}
        held = follower.lock("deploy")
        assert held is not None
        assert held.token == token
    assert read() == VALUES
    assert done.saved is not None
    assert done.saved.endswith(".before-restore.db")
    with open_store("local", "write") as store:
        store.undo(store.newest_change_set())
    assert read() == before
    with open_path(done.saved) as saved:
        assert dict(saved.items()) == before
    restore("local", path)
    assert restore("local", path).changed == 0


def test_a_restore_into_another_agent_brings_the_history() -> None:
    write(VALUES)
    write({"a": 2})
    with open_store("local", "write") as store:
        before = picture(store)
        token = store.acquire("deploy", "me", 3600).token
    path = save("local")
    done = restore("web", path)
    assert (done.entries, done.history, done.saved) == (5, True, None)
    with open_store("web", "write") as store:
        assert picture(store) == before
        # A lock is of those who hold it; but no token comes twice.
        assert store.locks() == []
        assert store.acquire("deploy", "me", 5).token > token


def test_a_backup_that_was_changed_is_not_restored(base: Path) -> None:
    write(VALUES)
    path = save("local")
    write({"a": "other"})
    content = bytearray((base / path).read_bytes())
    content[content.index(b"text")] ^= 1
    (base / path).write_bytes(content)
    with pytest.raises(DatabaseDamaged, match="not what was saved: its SHA-256"):
        restore("local", path)
    assert read()["a"] == "other"
    os.unlink(path + ".sha256")
    assert not restore("local", path).verified
    assert read() == {**VALUES, "b": "uext"}


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100], ids=["empty", "text"])
def test_what_is_no_backup_is_not_restored(base: Path, content: bytes) -> None:
    write(VALUES)
    (base / "file").write_bytes(content)
    with pytest.raises(DatabaseUnusable):
        restore("local", str(base / "file"))
    assert read() == VALUES


def test_a_damaged_database_is_replaced_as_a_whole_and_kept(base: Path) -> None:
    write(VALUES)
    path, saved = base / "state" / "local.db", save("local")
    before = (base / saved).read_bytes()
    damaged = bytes(100) + path.read_bytes()[100:]
    path.write_bytes(damaged)
    path.with_name("local.db-wal").write_bytes(b"the only good copy")
    done = restore("local", saved)
    assert (done.history, done.saved) == (True, None)
    assert done.kept is not None
    assert (base / done.kept).read_bytes() == damaged
    assert (base / f"{done.kept}-wal").read_bytes() == b"the only good copy"
    assert read() == VALUES
    assert os.listdir(base / "state") == ["local.db"]
    assert open_agents().names() == ["local"]
    assert (base / saved).read_bytes() == before


def test_a_database_of_another_program_can_be_restored(base: Path) -> None:
    theirs = base / "theirs.db"
    base.mkdir()
    run_other(theirs, DOCUMENTED, "INSERT INTO state (key, value) VALUES ('a', '1')")
    write(VALUES)
    assert restore("local", str(theirs)).removed == 4
    assert read() == {"a": "1"}


def test_an_upgrade_is_backed_up_first(base: Path) -> None:
    (base / "state").mkdir(parents=True)
    dump = os.path.join(os.path.dirname(__file__), "sqlite", "version_2.sql")
    path = base / "state" / "local.db"
    with open(dump, encoding="utf-8") as file:
        run_other(path, file.read())
    with open_store("local", "write") as store:
        before = dict(store.items())
        assert list_backups("local") == []
        store.set("new", 1)
    (backup,) = list_backups("local")
    assert backup.reason == "upgrade"
    with open_path(backup.path) as saved:
        assert dict(saved.items()) == before


def test_a_target_that_exists_stays(base: Path) -> None:
    write(VALUES)
    target = base / "mine.db"
    target.write_text("mine")
    with pytest.raises(Conflict, match="exists already"):
        save("local", str(target))
    assert target.read_text() == "mine"
    with pytest.raises(NotFound, match="no such directory"):
        save("local", str(base / "none" / "mine.db"))
    assert not (base / "none").exists()


_RESTORE = """
import sys
from sloth_tui.store.backups import restore
print(flush=True)
restore("local", sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [False, True])
def test_a_restore_that_is_killed_changed_all_or_nothing(base: Path, damaged: bool) -> None:
    write({f"key:{number}": number for number in range(2000)})
    saved = save("local")
    path = base / "state" / "local.db"
    outcomes = set()
    for number in range(rounds(2, 30)):
        if damaged:
            content = bytes(100) + bytes([number]) * 5000
            path.write_bytes(content)
        else:
            write({f"key:{number}": "changed" for number in range(2000)})
            write({"more": 1})
        kill_soon(_RESTORE, saved, at=Random(number).random())
        if damaged and path.read_bytes() == content:
            outcomes.add("before")
            continue
        found = read()
        outcomes.add("after" if "more" not in found else "before")
        assert len(set(map(type, found.values())) - ({int} if "more" in found else set())) == 1
        assert len(found) == 2000 + ("more" in found)
    if rounds(0, 1):
        assert outcomes == {"before", "after"}
    restore("local", saved)
    save("local")
    left = [*os.listdir(base / "state"), *os.listdir(base / "backups")]
    assert not [file for file in left if file.startswith(".")]


def test_a_program_that_has_the_store_open_goes_on_after_a_whole_replacement(base: Path) -> None:
    """One that looks by its path: as the terminal UI and watch do."""
    write(VALUES)
    saved = save("local")
    path = base / "state" / "local.db"
    with open_store("local") as follower:
        token = follower.change_token()
        copy = path.with_name("copy")
        subprocess.run(
            [sys.executable, "-c", f"import shutil; shutil.copy({saved!r}, {str(copy)!r})"], check=True
        )
        os.rename(copy, path)
        assert follower.change_token() != token
        assert dict(follower.items()) == VALUES
