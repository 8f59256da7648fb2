"""file.directory, link and tree."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.runner.resources.support import Modules, trace_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modules:
    monkeypatch.chdir(tmp_path)
    return Modules(tmp_path)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def changed(modules: Modules, call: str) -> bool:
    (shown,) = modules.run(f"print({call}.changed)")
    return shown == "true"


def test_a_directory_is_made_found_repaired(modules: Modules, tmp_path: Path) -> None:
    call = "file.directory({path = 'a/b/c', mode = '2750'})"
    mask = os.umask(0)
    os.umask(mask)
    assert changed(modules, call)
    assert modules.what == ["created"]
    assert mode_of(tmp_path / "a/b/c") == 0o2750
    assert mode_of(tmp_path / "a/b") == 0o777 & ~mask  # not the one that was asked for
    before = trace_of(tmp_path / "a/b/c")
    assert not changed(modules, call)
    assert trace_of(tmp_path / "a/b/c") == before
    assert not changed(modules, "file.directory('a/b/c')")
    (tmp_path / "a/b/c").chmod(0o700)
    (tmp_path / "a/b/c/file").write_text("")
    file_mode = mode_of(tmp_path / "a/b/c/file")
    assert changed(modules, call)
    assert modules.what == ["mode 0700 -> 2750"]
    assert mode_of(tmp_path / "a/b/c/file") == file_mode


def test_a_directory_where_something_else_is(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("kept")
    (tmp_path / "l").symlink_to("f")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "d").mkdir(0o700)
    (tmp_path / "to d").symlink_to("d")
    assert modules.error("file.directory('f')") == "file.directory: 'f' is there, and no directory"
    for link in ("l", "dangling"):
        assert modules.error(f"file.directory('{link}')") == (
            f"file.directory: '{link}' is a link, and not to a directory"
        )
    assert (tmp_path / "f").read_text() == "kept"
    assert modules.error("file.directory({path = 'no/d', parents = false})").startswith(
        "file.directory: directory '"
    )
    assert "directory" in modules.error("file.directory('f/sub')").lower()
    # A link to a directory counts as one; the attributes are those of its target.
    for expected in (True, False):
        assert changed(modules, "file.directory({path = 'to d', mode = '0755'})") is expected
    assert (tmp_path / "to d").is_symlink()
    assert mode_of(tmp_path / "d") == 0o755


def test_a_link_is_made_found_put_right(modules: Modules, tmp_path: Path) -> None:
    call = "file.link({path = 'l', to = 'v2'})"
    assert changed(modules, call)
    before = trace_of(tmp_path / "l")
    assert not changed(modules, call)
    assert trace_of(tmp_path / "l") == before
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("v1")
    assert changed(modules, call)
    assert modules.what == ["target"]
    assert os.readlink(tmp_path / "l") == "v2"
    (tmp_path / "v2").mkdir()
    assert not changed(modules, call)
    assert changed(modules, "file.link({path = 'l', to = './v2'})")  # the text differs
    assert list((tmp_path / "v2").iterdir()) == []
    assert list(tmp_path.glob(".*")) == []


def test_a_link_where_something_else_is(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("kept")
    (tmp_path / "d").mkdir()
    assert modules.error("file.link({path = 'f', to = 'x'})") == (
        "file.link: 'f' is there, and no link (force = true replaces it)"
    )
    assert (tmp_path / "f").read_text() == "kept"
    for force in ("true", "false"):
        told = modules.error(f"file.link({{path = 'd', to = 'x', force = {force}}})")
        assert told == "file.link: 'd' is a directory"
    assert modules.error("file.link({path = 'no/l', to = 'x'})").startswith("file.link: directory '")
    assert changed(modules, "file.link({path = 'f', to = 'x', force = true})")
    assert os.readlink(tmp_path / "f") == "x"
    assert "unknown field 'mode'" in modules.error("file.link({path = 'l', to = 'x', mode = '0644'})")
    assert "unknown field 'owner'" in modules.error("file.link({path = 'l', to = 'x', owner = 'daemon'})")


def test_directories_and_links_tell_all_their_fields(modules: Modules, tmp_path: Path) -> None:
    code = "local r = %s print(r.changed, r.predicted, r.path)"
    assert modules.run(code % "file.directory('d')") == [f"true\tfalse\t{tmp_path}/d"]
    assert modules.run(code % "file.link({path = 'l', to = 'd'})") == ["true\tfalse\tl"]
    assert modules.run(code % "file.absent('l')") == ["true\tfalse\tl"]


# Trees


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "src"
    (top / "sub dir" / "empty").mkdir(parents=True)
    (top / "a").write_text("a")
    (top / "a").chmod(0o750)
    (top / "sub dir" / "b\n").write_bytes(b"\0\xff")
    (top / "link").symlink_to("../outside")
    return top


def shape_of(top: Path) -> dict[str, object]:
    """What is below a directory: the content of files, the text of links, None for directories."""
    return {
        str(path.relative_to(top)): os.readlink(path)
        if path.is_symlink()
        else None
        if path.is_dir()
        else path.read_bytes()
        for path in top.rglob("*")
    }


TREE = "file.tree({src = 'src', dest = 'www'%s})"


def tree(modules: Modules, fields: str = "") -> list[str]:
    """What was changed in the tree."""
    code = f"local r = {TREE % fields} print(json.encode({{r.changed, r.files}}))"
    (shown,) = modules.run(code)
    import json

    was_changed, files = json.loads(shown)
    assert was_changed == bool(files) or modules.what
    assert list(modules.sink.changes[-1].names) == files
    return list(files)


def test_a_tree_is_made_found_repaired(modules: Modules, tmp_path: Path, source: Path) -> None:
    www = tmp_path / "www"
    everything = ["a", "link", "sub dir", "sub dir/b\n", "sub dir/empty"]
    assert tree(modules) == everything
    assert modules.what == ["created"]
    assert shape_of(www) == shape_of(source)
    assert mode_of(www / "a") == 0o750
    before = {name: trace_of(www / name) for name in everything}
    assert tree(modules) == []
    assert {name: trace_of(www / name) for name in everything} == before
    (www / "a").write_text("by hand")
    (www / "link").unlink()
    (www / "extra").write_text("")
    assert tree(modules) == ["a", "link"]
    assert modules.what == ["content"]
    assert shape_of(www) == {**shape_of(source), "extra": b""}
    assert trace_of(www / "sub dir/b\n") == before["sub dir/b\n"]


def test_a_tree_with_modes(modules: Modules, tmp_path: Path, source: Path) -> None:
    modes = ", file_mode = '0640', dir_mode = '0750'"
    tree(modules, modes)
    assert tree(modules, modes) == []
    www = tmp_path / "www"
    assert [mode_of(path) for path in (www, www / "sub dir", www / "sub dir/empty")] == [0o750] * 3
    assert [mode_of(path) for path in (www / "a", www / "sub dir/b\n")] == [0o640] * 2
    inode = trace_of(www / "a")[0]
    (www / "a").chmod(0o600)
    (www / "sub dir").chmod(0o700)
    assert tree(modules, modes) == ["a", "sub dir"]
    assert modules.what == ["attributes"]
    assert (mode_of(www / "a"), mode_of(www / "sub dir"), trace_of(www / "a")[0]) == (0o640, 0o750, inode)


def test_what_the_source_does_not_have_goes_only_if_that_is_said(
    modules: Modules, tmp_path: Path, source: Path
) -> None:
    tree(modules)
    www = tmp_path / "www"
    (www / "extra" / "deep").mkdir(parents=True)
    (www / "extra" / "deep" / "f").write_text("")
    (www / "l").symlink_to("../src")
    assert tree(modules) == []
    assert tree(modules, ", delete = true") == ["extra", "l"]
    assert modules.what == ["removed"]
    assert shape_of(www) == shape_of(source)
    assert (source / "a").exists()


def test_a_tree_and_its_source_do_not_hold_each_other(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "s" / "sub").mkdir(parents=True)
    (tmp_path / "s" / "sub" / "f").write_text("x")
    (tmp_path / "beside").symlink_to("s")
    for dest in ("s/copy", "beside/copy"):
        assert modules.error(f"file.tree({{src = 's', dest = '{dest}'}})") == (
            f"file.tree: '{dest}' is inside of '{tmp_path}/s', of which it is to be a copy"
        )
    assert modules.error("file.tree({src = 's/sub', dest = 's', delete = true})") == (
        f"file.tree: '{tmp_path}/s/sub' is inside of 's', where delete = true would remove it"
    )
    assert shape_of(tmp_path / "s") == {"sub": None, "sub/f": b"x"}
    assert modules.run("print(file.tree({src = 's', dest = 's', delete = true}).changed)") == ["false"]
    assert modules.run("print(file.tree({src = 's/sub', dest = 's'}).changed)") == ["true"]


def test_a_tree_that_cannot_be_is_refused_before_anything_is_changed(
    modules: Modules, tmp_path: Path, source: Path
) -> None:
    www = tmp_path / "www"
    cases: list[tuple[str, Callable[[Path], object], str]] = [
        ("sub dir", lambda path: path.write_text("kept"), "'www/sub dir' is there, and no directory"),
        ("a", lambda path: path.mkdir(), "'www/a' is there, and no file"),
        ("link", lambda path: path.write_text("kept"), "'www/link' is there, and no link"),
        ("sub dir", lambda path: path.symlink_to("/tmp"), "'www/sub dir' is a link, and no directory"),
    ]
    for name, make, message in cases:
        www.mkdir()
        make(www / name)
        assert modules.error(TREE % "") == f"file.tree: {message}"
        assert [path.name for path in www.iterdir()] == [name]
        modules.run("file.absent({path = 'www', recurse = true})")
    www.write_text("kept")
    assert modules.error(TREE % "") == "file.tree: 'www' is there, and no directory"
    assert modules.error("file.tree({src = 'no', dest = 'x'})") == (
        "file.tree: 'no': No such file or directory"
    )


def test_a_link_where_a_file_goes_is_kept_in_a_tree_too(
    modules: Modules, tmp_path: Path, source: Path
) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "target").write_text("old")
    (tmp_path / "www" / "a").symlink_to("../target")
    tree(modules)
    assert (tmp_path / "www" / "a").is_symlink()
    assert (tmp_path / "target").read_text() == "a"
    assert tree(modules) == []


def test_a_tree_goes_through_a_link_to_a_directory(modules: Modules, tmp_path: Path, source: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "www").symlink_to("real")
    tree(modules)
    assert (tmp_path / "www").is_symlink()
    assert shape_of(tmp_path / "real") == shape_of(source)
    assert tree(modules) == []
