"""``state backup``, ``state restore`` and ``state doctor`` on the command line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.cli.running.watching import follow_revisions
from sloth_tui.errors import HistoryPruned
from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def backup(base: Path) -> str:
    """Of two keys, one of which is changed later on."""
    piped("state", "set", "a", "1")
    piped("state", "set", "b", "2")
    path = piped("state", "backup").out.removesuffix("\n")
    piped("state", "set", "a", "changed")
    return path


def test_a_backup_prints_its_path_and_restore_takes_it_by_name(base: Path, backup: str) -> None:
    assert os.path.dirname(backup) == str(base / "backups")
    name = os.path.basename(backup)
    listed = piped("state", "backup", "--list")
    assert listed.out.split("\t")[2:] == ["-", name + "\n"]
    (record,) = json.loads(piped("state", "backup", "--list", "-o", "json").out)
    assert record == {
        "saved": record["saved"],
        "size": os.stat(backup).st_size,
        "before": None,
        "file": backup,
    }
    assert piped("state", "restore", name, "--yes") == (0, b"", b"")
    assert piped("state", "list", "-o", "json").out == '{\n  "a": "1",\n  "b": "2"\n}\n'
    assert piped("state", "undo").code == 0
    assert piped("state", "get", "a").out == "changed\n"


def test_a_restore_asks_first_and_no_is_the_default(backup: str) -> None:
    refused = piped("state", "restore", backup)
    assert (refused.code, refused.out) == (9, "")
    assert refused.err == (
        "error: will not restore agent 'local' unasked, and there is no terminal to ask on\n"
        "hint: nothing was changed; add --yes to go ahead\n"
    )
    asked = on_terminal("state", "restore", backup, typed=b"\n")
    assert asked.code == 9
    assert f"Restore agent 'local', replacing its 2 keys by 2 keys of {backup}, saved " in asked.err
    assert piped("state", "get", "a").out == "changed\n"
    done = on_terminal("state", "restore", backup, typed=b"y\n")
    assert done.code == 0
    assert "agent 'local' has 2 keys now: set 1 and deleted 0, as one change, which state undo" in done.err
    assert piped("state", "get", "a").out == "1\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("restore", "none.db", "--yes"), 3, "error: none.db: no such file\n"),
        (("backup", "none/x.db"), 3, "none: no such directory\n"),
        (("backup", "--agent", "nobody"), 3, "error: agent 'nobody' has no database\n"),
        (("backup", "x.db", "--list"), 2, "error: FILE and --list exclude each other\n"),
        (("doctor", "--agent", "nobody"), 3, "error: agent 'nobody' has no database\n"),
    ],
)
def test_mistakes(base: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = piped("state", *words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_a_changed_backup_is_refused_and_one_without_checksum_is_warned_of(base: Path, backup: str) -> None:
    os.rename(backup, base / "moved.db")
    done = piped("state", "restore", str(base / "moved.db"), "--yes")
    assert done.code == 0
    assert done.err == (
        f"warning: {base}/moved.db: it is sound, but has no checksum beside it to tell whether it is as it "
        "was saved\n"
    )
    (base / "moved.db.sha256").write_text("0" * 64 + "  moved.db\n")
    done = piped("state", "restore", str(base / "moved.db"), "--yes")
    assert done.code == 7
    assert "not what was saved" in done.err


def test_what_cannot_be_taken_back_otherwise_is_saved_first(base: Path, backup: str) -> None:
    piped("state", "clear", "--prefix", "b", "--yes")
    piped("state", "rollback", "a", "--to", "1", "--yes")
    assert len(os.listdir(base / "backups")) == 2
    piped("state", "rollback", "--to", "2", "--yes")
    piped("state", "clear", "--yes")
    befores = [line.split("\t")[2] for line in piped("state", "backup", "--list").out.splitlines()]
    assert befores == ["clear", "rollback", "-"]


def test_the_doctor_tells_of_everything_in_text_and_json(base: Path, backup: str) -> None:
    done = piped("state", "doctor", "--full")
    assert (done.code, done.err) == (0, "")
    lines = [line.split(maxsplit=1) for line in done.out.splitlines()]
    assert {status for status, _ in lines} == {"ok"}
    record = json.loads(piped("state", "doctor", "-o", "json").out)
    assert list(record) == ["agent", "backend", "location", "healthy", "checks"]
    assert record["location"] == str(base / "state" / "local.db")
    assert record["healthy"] is True
    assert [check["name"] for check in record["checks"]] == [
        "disk",
        "permissions",
        "log",
        "left over",
        "schema",
        "structure",
        "backup",
        "locks",
        "clock",
    ]
    assert list(record["checks"][0]) == ["name", "status", "text", "hint"]


def test_a_warning_says_what_to_do_and_is_no_damage(base: Path, backup: str) -> None:
    path = base / "state" / "local.db"
    path.chmod(0o644)
    (base / "backups" / ".web.db.999999999.part").write_text("half")
    (base / "backups" / "gone.db.sha256").write_text("")
    with open_store("local", "write") as store:
        store._database.execute("UPDATE state SET updated_at = '2999-01-01 00:00:00'")  # type: ignore[attr-defined]
    done = piped("state", "doctor")
    assert done.code == 0
    assert f"warning  permissions  other users may get at {path}\n" in done.out
    assert f"chmod go-rwx {path}\n" in done.out
    assert "warning  left over    half written, by what was ended: " in done.out
    assert f"rm {base}/backups/.web.db.999999999.part {base}/backups/gone.db.sha256\n" in done.out
    assert "warning  clock        this machine's clock is " in done.out


def test_what_is_refused_is_damage_to_the_doctor(base: Path, backup: str) -> None:
    path = base / "state" / "local.db"
    os.rename(path, base / "other.db")
    path.symlink_to(base / "other.db")
    done = piped("state", "doctor")
    assert done.code == 7
    assert f"damage   file         {path}: a symbolic link\n" in done.out


def test_a_dropped_trigger_is_damage(base: Path, backup: str) -> None:
    with open_store("local", "write") as store:
        store._database.execute("DROP TRIGGER sloth_updated")  # type: ignore[attr-defined]
    done = piped("state", "doctor")
    assert done.code == 7
    assert "damage   schema       not there any more: sloth_updated\n" in done.out


def test_damage_names_the_doctor_who_repairs_it(base: Path, backup: str) -> None:
    path = base / "state" / "local.db"
    content = bytearray(path.read_bytes())
    content[:16] = bytes(16)
    path.write_bytes(content)
    failed = piped("state", "get", "a")
    assert failed.code == 7
    assert "state doctor" in failed.err.splitlines()[-1]
    done = piped("state", "doctor")
    assert done.code == 7
    assert f"damage   file         {path}: not a SQLite database\n" in done.out
    refused = piped("state", "doctor", "--repair")
    assert refused.code == 9
    assert f"hint: the repaired one is {base}/backups/local.repaired.db; --yes puts it" in refused.err
    assert path.read_bytes() == content
    done = piped("state", "doctor", "--repair", "--yes")
    assert done.code == 0
    assert done.out.startswith("rescued 2 keys and 3 revisions from ")
    assert "  2  from the pages of the table\n" in done.out
    assert done.err.startswith(f"warning: the damaged database is kept: {base}/backups/local.damaged-")
    assert piped("state", "get", "a").out == "changed\n"
    assert piped("state", "doctor", "--repair").code == 0


def test_a_repair_as_json_names_every_entry(base: Path, backup: str) -> None:
    path = base / "state" / "local.db"
    content = path.read_bytes()
    at = content.index(b"achanged")
    page = at - at % 4096
    path.write_bytes(content[:page] + bytes(4096) + content[page + 4096 :])
    done = piped("state", "doctor", "--repair", "--yes", "-o", "json")
    assert done.code == 0
    record = json.loads(done.out)
    assert record["healthy"] is False
    repair = record["repair"]
    assert repair["entries"] == 2
    assert repair["from_pages"] == 0
    assert repair["recovered"] == [
        {"key": "a", "source": "backup", "revision": 1, "current": False},
        {"key": "b", "source": "backup", "revision": 2, "current": True},
    ]
    assert repair["lost"] == []
    assert repair["backup"] == backup
    assert os.path.exists(repair["kept"])
    assert piped("state", "get", "a", "b").out == "1\n2\n"


def test_a_watch_ends_when_the_store_is_replaced_by_one_that_is_not_as_far(base: Path, backup: str) -> None:
    path = base / "state" / "local.db"

    class Follower:
        """A store that is replaced after the first look."""

        def __init__(self) -> None:
            self.store = open_store("local")

        def __getattr__(self, name: str) -> object:
            return getattr(self.store, name)

        def follow(self, since: int, *, prefix: str = "") -> object:
            found = self.store.follow(since, prefix=prefix)
            if not found and path.exists():
                path.unlink()
                piped("state", "restore", backup, "--yes")
            return found

    follower = Follower()
    with pytest.raises(HistoryPruned, match="the store was replaced: its newest revision is 2 now, after 3"):
        for _ in follow_revisions(follower, 0, "", None, lambda: True):  # type: ignore[arg-type]
            pass
    follower.store.close()
