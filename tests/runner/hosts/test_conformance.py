"""What every host promises about files, names and guards. ``HOSTS`` in conftest.py has each kind of host."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import FileChanged, HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    DIRECTORY,
    FILE,
    LOOP,
    OTHER,
    Attributes,
    Command,
    Replacement,
)
from tests.runner.hosts.support import Bytes, mode, run, sha

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.host import Host

KEPT = Attributes()


def test_a_path_that_is_not_there_is_followed_as_far_as_it_is(host: Host, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "file").write_text("x")
    for name, to in (("hop", "d"), ("dangling", "none/below"), ("circle", "circle"), ("on", "dangling")):
        (tmp_path / name).symlink_to(to)
    paths = [
        *("none/a/b", "hop/a/b", "hop/./a/b", "dangling/a", "on/a/b", "hop/../none/a", "file/a", "circle/a"),
    ]
    found = host.look([str(tmp_path / path) for path in paths])
    assert [(each.kind, each.link) for each in found] == [(ABSENT, None)] * 7 + [(LOOP, None)]
    assert [each.path.removeprefix(f"{tmp_path}/") for each in found[:7]] == [
        *("none/a/b", "d/a/b", "d/a/b", "none/below/a", "none/below/a/b", "none/a", "file/a"),
    ]


def test_looks_find_what_is_there(host: Host, tmp_path: Path) -> None:
    root = tmp_path / "d"
    root.mkdir(mode=0o755)
    (root / "file").write_bytes(b"a\0b")
    (root / "file").chmod(0o6751)
    (root / "link").symlink_to("file")
    (root / "dangling").symlink_to("nowhere")
    (root / "circle").symlink_to("circle")
    (root / "hop").symlink_to("../d")
    names = ["file", "link", "dangling", "circle", "hop", "hop/link", "none", "none/none"]
    found = dict(zip(names, host.look([str(root / name) for name in names]), strict=True))
    whole = (found["file"].kind, found["file"].mode, found["file"].size, found["file"].sha256)
    assert whole == (FILE, 0o6751, 3, sha(b"a\0b"))
    assert (found["file"].uid, found["file"].gid, found["file"].link) == (os.getuid(), os.getgid(), None)
    assert found["link"] == found["file"]._replace(link="file")
    assert found["hop/link"] == found["link"]
    assert (found["dangling"].kind, found["dangling"].path) == (ABSENT, str(root / "nowhere"))
    assert (found["circle"].kind, found["circle"].link) == (LOOP, "circle")
    assert (found["hop"].kind, found["hop"].path, found["hop"].link) == (DIRECTORY, str(root), "../d")
    assert (found["none"].kind, found["none"].parent) == (ABSENT, True)
    assert (found["none/none"].kind, found["none/none"].parent) == (ABSENT, False)
    assert host.look(["/dev/null"])[0].kind == OTHER
    assert host.look([]) == []


@pytest.mark.parametrize(
    "name", ["with blank", "-rf", "n\nl", "ü", "b\\n", "*", "' \"$x`", " ", "\udcff\udc80"], ids=ascii
)
def test_names_are_literal(host: Host, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    host.put(str(path), Bytes(b"content"), KEPT)
    assert path.read_bytes() == b"content"
    assert [found.sha256 for found in host.look([str(path), str(path)])] == [sha(b"content")] * 2
    assert host.look([str(path)], content=True)[0].content == b"content"
    assert [entry for entry, _ in host.list_tree(str(tmp_path)) if entry not in ("home", "base")] == [name]
    host.remove(str(path))
    assert not path.exists()


def test_a_look_opens_no_file_if_no_checksum_is_asked_for(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    found = host.look([str(tmp_path / "file")], checksum=False)[0]
    assert (found.kind, found.size, found.sha256, found.content) == (FILE, 3, None, None)


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3_000_000], ids=str)
def test_content_arrives_byte_for_byte(host: Host, tmp_path: Path, size: int) -> None:
    path, data = tmp_path / "file", os.urandom(size)
    assert host.put(str(path), Bytes(data), KEPT) is None
    assert path.read_bytes() == data
    found = host.look([str(path)], content=True)[0]
    assert (found.content, found.sha256, found.size) == (data, sha(data), size)
    assert sorted(os.listdir(tmp_path)) == ["file", "home"]


def test_a_replaced_file_keeps_what_is_not_asked_for(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o2640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
        path.chmod(0o2640)
    before = path.stat()
    host.put(str(path), Bytes(b"new"), KEPT)
    after = path.stat()
    assert (path.read_bytes(), after.st_mode, after.st_uid, after.st_gid) == (
        b"new",
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    host.put(str(path), Bytes(b"newer"), Attributes(0o600))
    assert (mode(path), path.stat().st_uid) == (0o600, before.st_uid)


def test_a_new_file_gets_the_modes_of_the_umask(host: Host, tmp_path: Path) -> None:
    host.put(str(tmp_path / "file"), Bytes(b""), KEPT)
    assert mode(tmp_path / "file") == 0o644
    host.put(str(tmp_path / "other"), Bytes(b""), Attributes(0o4750))
    assert mode(tmp_path / "other") == 0o4750


def test_a_file_that_is_another_one_by_then_is_not_replaced(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for expected, there in ((sha(b"a"), b"b"), ("", b"b"), (sha(b"a"), None)):
        path.unlink(missing_ok=True)
        if there is not None:
            path.write_bytes(there)
        with pytest.raises(FileChanged, match=r"file' .*changed by somebody else meanwhile"):
            host.put(str(path), Bytes(b"new"), KEPT, Replacement(expected))
        assert (path.read_bytes() if path.exists() else None) == there
        assert sorted(os.listdir(tmp_path)) == (["file", "home"] if there else ["home"])
    host.put(str(path), Bytes(b"a"), KEPT, Replacement(""))
    host.put(str(path), Bytes(b"c"), KEPT, Replacement(sha(b"a")))
    assert path.read_bytes() == b"c"


def test_what_is_not_valid_replaces_nothing(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "fi le"
    path.write_bytes(b"old")
    with pytest.raises(HostError, match=r"validate .*: bad line"):
        host.put(
            str(path),
            Bytes(b"new"),
            KEPT,
            Replacement(validate="! grep -q new %s || { echo bad line >&2; exit 1; }"),
        )
    assert (path.read_bytes(), sorted(os.listdir(tmp_path))) == (b"old", ["fi le", "home"])
    host.put(str(path), Bytes(b"new"), KEPT, Replacement(validate="grep -q new %s"))
    assert path.read_bytes() == b"new"


def test_backups_lie_beside_the_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert host.put(str(path), Bytes(b"1"), KEPT, Replacement(backup=True)) is None
    path.chmod(0o640)
    kept = [host.put(str(path), Bytes(data), KEPT, Replacement(backup=True)) for data in (b"2", b"3")]
    assert [os.path.basename(each or "")[:6] for each in kept] == ["file.2", "file.2"]
    assert [Path(each or "").read_bytes() for each in kept] == [b"1", b"2"]
    assert {stat.S_IMODE(os.stat(each or "").st_mode) for each in kept} == {0o640}


def test_what_cannot_be_put_is_an_error_of_one_line(host: Host, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for path, words in (
        (tmp_path / "none" / "file", "does not exist"),
        (tmp_path / "d", r"d' .*is a directory"),
    ):
        with pytest.raises(HostError, match=words) as caught:
            host.put(str(path), Bytes(b"x"), KEPT)
        assert "\n" not in caught.value.message
    assert os.listdir(tmp_path / "d") == []


def test_attributes_are_set_in_place(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    before = path.stat()
    host.set_attributes(str(path), Attributes(0o640))
    after = path.stat()
    assert (mode(path), after.st_ino, after.st_mtime_ns) == (0o640, before.st_ino, before.st_mtime_ns)
    if os.geteuid() == 0:
        path.chmod(0o4755)
        host.set_attributes(str(path), Attributes(None, 12, 34))
        assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (12, 34, 0o4755)


def test_users_and_groups_have_numbers(host: Host) -> None:
    assert (host.user_id("daemon"), host.user_id("root"), host.user_id("1234")) == (1, 0, 1234)
    assert (host.group_id("daemon"), host.group_id("4321")) == (1, 4321)
    for ask in (host.user_id, host.group_id):
        for name in ("nobody-at-all", "-u", "4294967295", "a\nb"):
            with pytest.raises(HostError, match="is not a"):
                ask(name)


def test_guards_decide_whether_a_command_runs(host: Host, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    there, gone = str(tmp_path / "there"), str(tmp_path / "gone")
    for options, skipped in (
        ({"creates": (there,)}, f"creates {there}"),
        ({"creates": (there, gone)}, None),
        ({"removes": (gone,)}, f"removes {gone}"),
        ({"removes": (gone, there)}, None),
        ({"unless": b"test  1 = 1"}, "unless test 1 = 1"),
        ({"unless": b"false"}, None),
        ({"onlyif": b"false"}, "onlyif false"),
        ({"onlyif": b"true"}, None),
        ({"creates": ("there",), "cwd": str(tmp_path)}, "creates there"),
        ({"unless": b'test "$A" = "b c"', "env": {"A": "b c"}}, 'unless test "$A" = "b c"'),
    ):
        command = Command(f"echo ran >>{tmp_path}/log".encode(), **options)
        assert host.check_guards(command) == skipped
        assert not (tmp_path / "log").exists()
        end = host.run(command, 10.0, lambda stream, data: None)
        assert (end.code, end.skipped, (tmp_path / "log").exists()) == (0, skipped, skipped is None), options
        (tmp_path / "log").unlink(missing_ok=True)


def test_a_guard_that_cannot_be_run_is_an_error(host: Host) -> None:
    for command in (Command(b"true", unless=b"no-such-program"), Command(b"true", onlyif=b"/etc/passwd")):
        with pytest.raises(HostError, match="cannot be run"):
            host.run(command, 10.0, lambda stream, data: None)
        with pytest.raises(HostError, match="cannot be run"):
            host.check_guards(command)


def test_commands_get_directory_environment_and_input(host: Host, tmp_path: Path) -> None:
    text = 'pwd; printf %s "$A"; cat'
    value = "q'\"$x`\n\\n ü"
    assert run(host, text, cwd=str(tmp_path), env={"A": value}, stdin=b"in\0\xff") == (
        0,
        f"{tmp_path}\n{value}".encode() + b"in\0\xff",
        b"",
    )
    with pytest.raises(HostError, match="cwd '/none' is not a directory"):
        run(host, "true", cwd="/none")
