"""file.copy, write and template: the content and attributes that are wanted, changed where they differ."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from typing import TYPE_CHECKING

import pytest

from tests.runner.resources.support import Modules, lua, trace_of

if TYPE_CHECKING:
    from pathlib import Path

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modules:
    monkeypatch.chdir(tmp_path)
    return Modules(tmp_path)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def changed(modules: Modules, call: str) -> bool:
    (shown,) = modules.run(f"print({call}.changed)")
    return shown == "true"


CALLS = {
    "copy": "file.copy({src = 'src', dest = 'f'%s})",
    "write": "file.write({path = 'f', content = 'new\\n'%s})",
    "template": "file.template({content = '{{ x }}\\n', vars = {x = 'new'}, dest = 'f'%s})",
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(autouse=True)
def source(tmp_path: Path) -> Path:
    path = tmp_path / "src"
    path.write_text("new\n")
    return path


@each_call
def test_absent_present_again_changed_by_hand_repaired(modules: Modules, tmp_path: Path, call: str) -> None:
    file = tmp_path / "f"
    wanted = call % ", mode = '0640'"
    assert changed(modules, wanted)
    assert modules.what == ["created"]
    assert (file.read_text(), mode_of(file)) == ("new\n", 0o640)
    before = trace_of(file)
    assert not changed(modules, wanted)
    assert modules.what == []
    assert trace_of(file) == before
    file.write_text("by hand")
    file.chmod(0o604)
    assert changed(modules, wanted)
    assert modules.what == ["content", "mode 0604 -> 0640"]
    assert (file.read_text(), mode_of(file)) == ("new\n", 0o640)


@each_call
def test_a_mode_alone_is_put_right_in_place(modules: Modules, tmp_path: Path, call: str) -> None:
    file = tmp_path / "f"
    file.write_text("new\n")
    file.chmod(0o600)
    inode, modified, _ = trace_of(file)
    assert changed(modules, call % ", mode = '2755'")
    assert modules.what == ["mode 0600 -> 2755"]
    assert (mode_of(file), trace_of(file)[:2]) == (0o2755, (inode, modified))
    assert not changed(modules, call % ", mode = '2755'")


@each_call
def test_permissions_that_are_not_asked_for_stay(modules: Modules, tmp_path: Path, call: str) -> None:
    file = tmp_path / "f"
    file.write_text("old")
    file.chmod(0o2751)
    assert changed(modules, call % "")
    assert (file.read_text(), mode_of(file)) == ("new\n", 0o2751)


@each_call
def test_the_result_has_every_field_always(modules: Modules, tmp_path: Path, call: str) -> None:
    show = """
        local names = {}
        for name in pairs(%s) do names[#names + 1] = name end
        table.sort(names)
        print(table.concat(names, " "))
    """
    for _ in range(2):
        assert modules.run(show % (call % "")) == ["backup changed checksum path predicted"]
    code = f"local r = {call % ''} print(r.changed, r.predicted, r.path, r.checksum, r.backup)"
    checksum = hashlib.sha256(b"new\n").hexdigest()
    assert modules.run(code) == [f"false\tfalse\t{tmp_path}/f\t{checksum}\tfalse"]


@each_call
def test_a_link_whose_target_is_as_wanted_stays(modules: Modules, tmp_path: Path, call: str) -> None:
    (tmp_path / "target").write_text("new\n")
    (tmp_path / "f").symlink_to("target")
    before = trace_of(tmp_path / "f"), trace_of(tmp_path / "target")
    assert not changed(modules, call % "")
    assert (trace_of(tmp_path / "f"), trace_of(tmp_path / "target")) == before
    (tmp_path / "target").write_text("old\n")
    assert changed(modules, call % "")
    assert ((tmp_path / "f").readlink(), (tmp_path / "target").read_text()) == (
        tmp_path.__class__("target"),
        "new\n",
    )


@each_call
def test_a_link_to_nothing_gets_its_target(modules: Modules, tmp_path: Path, call: str) -> None:
    (tmp_path / "f").symlink_to("sub/target")
    assert "directory '" in modules.error(call % "")
    (tmp_path / "sub").mkdir()
    assert changed(modules, call % "")
    assert (tmp_path / "f").is_symlink()
    assert (tmp_path / "sub" / "target").read_text() == "new\n"


@each_call
def test_a_link_in_a_circle_is_an_error(modules: Modules, tmp_path: Path, call: str) -> None:
    (tmp_path / "f").symlink_to("g")
    (tmp_path / "g").symlink_to("f")
    assert "'f' is a link in a circle" in modules.error(call % "")


@pytest.mark.parametrize("name", ["write", "template"])
def test_a_directory_is_no_file(modules: Modules, tmp_path: Path, name: str) -> None:
    (tmp_path / "f").mkdir()
    assert "'f' is a directory" in modules.error(CALLS[name] % "")
    (tmp_path / "f").rmdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "f").symlink_to("d")
    assert "'f' is a directory" in modules.error(CALLS[name] % "")


def test_a_copy_goes_into_a_directory_and_is_compared_there(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    copy = CALLS["copy"] % ""
    assert changed(modules, copy)
    before = trace_of(tmp_path / "f" / "src")
    assert not changed(modules, copy)
    assert trace_of(tmp_path / "f" / "src") == before
    (tmp_path / "f" / "src").write_text("by hand")
    assert changed(modules, copy)
    assert (tmp_path / "f" / "src").read_text() == "new\n"
    (tmp_path / "l").symlink_to("f")
    assert not changed(modules, "file.copy({src = 'src', dest = 'l'})")
    assert not changed(modules, "file.copy({src = 'src', dest = 'l/'})")
    assert (tmp_path / "l").is_symlink()


def test_the_permissions_of_the_source_count_for_a_new_file_only(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "src").chmod(0o751)
    copy = CALLS["copy"] % ""
    assert changed(modules, copy)
    assert mode_of(tmp_path / "f") == 0o751
    (tmp_path / "src").chmod(0o700)
    assert not changed(modules, copy)
    assert mode_of(tmp_path / "f") == 0o751


@each_call
def test_a_path_with_a_line_feed_at_its_end_is_refused(modules: Modules, tmp_path: Path, call: str) -> None:
    told = modules.error(call.replace("'f'", "'f\\n'") % "")
    assert "path 'f\\n' ends with a line feed" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "src"]


@each_call
def test_a_numeric_mode_is_refused_with_a_hint(modules: Modules, tmp_path: Path, call: str) -> None:
    assert "octal digits in quotes, such as '0644'" in modules.error(call % ", mode = 0644")
    for mode in ("'64'", "'00644'", "'9'", "'u+x'", "'-644'"):
        assert "mode must be octal digits such as '0644'" in modules.error(call % f", mode = {mode}")
    assert not (tmp_path / "f").exists()


@each_call
@root_only
def test_owner_and_group_alone_are_put_right_in_place(modules: Modules, tmp_path: Path, call: str) -> None:
    file = tmp_path / "f"
    file.write_text("new\n")
    file.chmod(0o6755)
    inode = trace_of(file)[0]
    assert changed(modules, call % ", owner = 'daemon', group = '1'")
    assert modules.what == ["owner", "group"]
    status = file.stat()
    assert (status.st_uid, status.st_gid, status.st_ino, mode_of(file)) == (1, 1, inode, 0o6755)
    assert not changed(modules, call % ", owner = 'daemon', group = '1'")


# Templates


@pytest.mark.parametrize("text", ["a", "a\n", "a\n\n", "{{ v }}\n", "{{ v }}", "a\r\n{{ v }}\r\n", "\n"])
def test_the_end_of_a_template_and_its_line_ends_are_kept(
    modules: Modules, tmp_path: Path, text: str
) -> None:
    rendered = text.replace("{{ v }}", "x").encode()
    call = f"file.template({{content = {lua(text)}, vars = {{v = 'x'}}, dest = 'f'}})"
    assert changed(modules, call)
    assert (tmp_path / "f").read_bytes() == rendered
    assert not changed(modules, call)
    (tmp_path / "t.j2").write_bytes(text.encode())
    assert not changed(modules, "file.template({src = 't.j2', vars = {v = 'x'}, dest = 'f'})")


def test_a_block_of_a_template_does_not_glue_lines(modules: Modules, tmp_path: Path) -> None:
    text = "a\n{% if true %}\nb\n{% endif %}\nc\n"
    changed(modules, f"file.template({{content = {lua(text)}, dest = 'f'}})")
    assert (tmp_path / "f").read_text() == "a\n\nb\n\nc\n"


def test_errors_of_a_template_name_its_line_and_nothing_is_written(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("a\n{{ missing }}\n")
    assert modules.error("file.template({src = 't.j2', dest = 'f'})") == (
        "file.template: t.j2:2: 'missing' is undefined"
    )
    assert "needs either src or content" in modules.error("file.template({dest = 'f'})")
    assert "vars must have names, got a list" in modules.error(
        "file.template({content = '', vars = {1}, dest = 'f'})"
    )
    assert "dest must be a string, got nil" in modules.error("file.template({content = ''})")
    assert not (tmp_path / "f").exists()


def test_an_empty_file_is_written_if_it_is_wanted_and_not_otherwise(modules: Modules, tmp_path: Path) -> None:
    assert changed(modules, "file.write('f', '')")
    assert (tmp_path / "f").read_bytes() == b""
    assert not changed(modules, "file.write('f', '')")
    assert changed(modules, "file.write('f', 'a\\n')")
    assert (tmp_path / "f").read_bytes() == b"a\n"


# Validate and backup


@each_call
def test_what_does_not_pass_its_check_replaces_nothing(modules: Modules, tmp_path: Path, call: str) -> None:
    (tmp_path / "f").write_text("old\n")
    before = trace_of(tmp_path / "f")
    told = modules.error(call % ", validate = 'echo bad line 1 >&2; grep -q old %s'")
    assert told.endswith(
        "validate 'echo bad line 1 >&2; grep -q old %s' ended with exit code 1: bad line 1"
        " (nothing was replaced)"
    )
    assert trace_of(tmp_path / "f") == before
    assert list(tmp_path.glob(".*")) == []
    assert changed(modules, call % ", validate = 'grep -q new %s'")
    # What is there already is not checked again.
    assert not changed(modules, call % ", validate = 'false %s'")


def test_what_validates_a_secret_is_not_quoted(modules: Modules) -> None:
    fields = """path = "f", content = "hunter2", secret = true, validate = "cat %s >&2; false" """
    assert modules.error(f"file.write({{{fields}}})").endswith(
        "validate 'cat %s >&2; false' ended with exit code 1 (nothing was replaced)"
    )


def test_validate_gets_the_new_file_before_the_old_one_goes(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "it's f").write_text("old\n")
    fields = """path = "it's f", content = "new", validate = """
    for wrong in ("true", "test -e %s -a -e %s"):
        assert "validate must have %s once" in modules.error(f"file.write({{{fields} '{wrong}'}})")
    assert changed(modules, f"""file.write({{{fields} [[cat "it's f" - < %s > seen]]}})""")
    assert (tmp_path / "seen").read_text() == "old\nnew"


@each_call
def test_a_backup_is_the_old_file_with_all_it_had(modules: Modules, tmp_path: Path, call: str) -> None:
    file = tmp_path / "f"
    assert modules.run(f"print({call % ', backup = true'}.backup)") == ["false"]
    file.write_text("by hand")
    file.chmod(0o604)
    old = trace_of(file)[:2]
    (path,) = modules.run(f"print({call % ', backup = true'}.backup)")
    kept = tmp_path / path
    assert (kept.parent, kept.name[:2], kept.name[-1]) == (tmp_path, "f.", "~")
    assert (kept.read_text(), mode_of(kept), trace_of(kept)[:2]) == ("by hand", 0o604, old)
    assert modules.run(f"print({call % ', backup = true'}.backup)") == ["false"]
    for _ in range(3):  # within one second
        file.write_text("again")
        modules.run(call % ", backup = true")
    assert len(list(tmp_path.glob("f.*~"))) == 4


@root_only
def test_a_mount_point_is_said_to_be_one(tmp_path: Path) -> None:
    import subprocess
    import sys

    task = tmp_path / "t.lua"
    call = 'file.write({path = "mounted", content = "new", backup = true})'
    task.write_text(f'task({{name = "a", run = function() {call} end}})')
    (tmp_path / "mounted").write_text("old")
    (tmp_path / "other").write_text("old")
    script = f"mount --bind other mounted && exec '{sys.executable}' -m sloth_tui run t.lua"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.returncode == 20
    assert "file.write: 'mounted' is a mount point, and cannot be replaced" in done.stdout
    assert list(tmp_path.glob(".m*")) == list(tmp_path.glob("mounted.*")) == []


# Removing


def test_what_is_absent_stays_so_and_what_is_there_goes(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "l").symlink_to("src")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (
        ("f", "file"),
        ("l", "link"),
        ("dangling", "link"),
        ("d", "directory"),
        ("pipe", "file"),
    ):
        assert changed(modules, f"file.absent('{name}')")
        assert (modules.sink.changes[-1].kind, modules.what) == (kind, ["removed"])
        assert not changed(modules, f"file.absent('{name}')")
        assert not os.path.lexists(tmp_path / name)
    assert not changed(modules, "file.absent('no/such/path')")
    assert (tmp_path / "src").exists()


def test_a_directory_that_is_not_empty_goes_only_if_that_is_said(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "l").symlink_to("../src")
    assert modules.error("file.absent('d')") == (
        "file.absent: 'd' is not empty (recurse = true removes all that is in it, too)"
    )
    assert (tmp_path / "d" / "sub").is_dir()
    assert changed(modules, "file.absent({path = 'd', recurse = true})")
    assert not (tmp_path / "d").exists()
    assert (tmp_path / "src").exists()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("")
    (tmp_path / "l").symlink_to("d")
    assert changed(modules, "file.absent({path = 'l', recurse = true})")
    assert (tmp_path / "d" / "f").exists()


def test_what_a_slip_of_the_pen_would_name_is_not_removed(
    modules: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "somebody" / "home"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for path, why in (
        ("/", "is the root directory"),
        ("//", "is the root directory"),
        (".", "is the working directory"),
        (str(tmp_path), "is the working directory"),
        ("..", "contains the working directory"),
        ("somebody/home", "is the home directory"),
        ("somebody/../somebody/home/", "is the home directory"),
        ("somebody", "contains the home directory"),
        ("/proc", "is a mount point"),
        # HOME is set to another directory by now.
        (pwd.getpwuid(os.getuid()).pw_dir, "is the home directory"),
    ):
        # What is not the test's own is named without recurse, so that a mistake costs nobody the machine.
        recurse = "false" if path.startswith("/") and path != str(tmp_path) else "true"
        told = modules.error(f"file.absent({{path = {lua(path)}, recurse = {recurse}}})")
        assert told == f"file.absent: '{path}' {why}, which is not removed"
    assert home.is_dir()


def test_by_another_name_than_its_own_nothing_is_removed(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "f").write_text("")
    (tmp_path / "l").symlink_to("d")
    slash = "ends with a slash, as only directories do"
    other = "is not the directory's own name, by which alone it is removed"
    for path, why in (("l/", slash), ("src/", slash), ("d/f/", slash), ("d/.", other), ("d/sub/..", other)):
        told = modules.error(f"file.absent({{path = {lua(path)}, recurse = true}})")
        assert told == f"file.absent: '{path}' {why}"
    assert modules.error("file.remove('l/')") == f"file.remove: 'l/' {slash}"
    assert (tmp_path / "d" / "f").exists()
    assert (tmp_path / "l").is_symlink()
    assert (tmp_path / "src").exists()
    assert changed(modules, "file.absent({path = 'd/', recurse = true})")
    assert not changed(modules, "file.absent('d/')")
    assert not (tmp_path / "d").exists()


def test_a_file_is_not_named_like_a_directory(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    for path in ("f/", "f/.", "new/", "new/."):
        assert modules.error(f"file.write({lua(path)}, 'new')") == (
            f"file.write: '{path}' ends with a slash or a dot, as only directories do"
        )
    assert (tmp_path / "f").read_text() == "old"
    assert not (tmp_path / "new").exists()


def test_remove_tells_whether_it_was_there_and_leaves_directories(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    (tmp_path / "d").mkdir()
    assert modules.run("print(file.remove('f'), file.remove('f'))") == ["true\tfalse"]
    assert "'d': Is a directory" in modules.error("file.remove('d')")


# Reading


def test_whether_something_is_there_is_told_without_reading_it(modules: Modules, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    names = "'pipe', 'dangling', 'circle', 'nothing', 'src/x', '.'"
    code = f"for _, n in ipairs({{{names}}}) do print(file.exists(n)) end"
    assert modules.run(code) == ["true", "true", "true", "false", "false", "true"]


def test_a_source_that_changes_while_it_is_copied_replaces_nothing(tmp_path: Path) -> None:
    from sloth_tui.errors import HostError
    from sloth_tui.runner.hosts.contents import LocalFile
    from sloth_tui.runner.hosts.host import Attributes
    from sloth_tui.runner.hosts.local.host import LocalHost

    content = LocalFile(str(tmp_path / "src"))
    assert content.sha256
    (tmp_path / "src").write_text("newer\n")
    (tmp_path / "f").write_text("old\n")
    with pytest.raises(HostError, match=r"'.*/src' was changed while it was copied"):
        LocalHost().put(str(tmp_path / "f"), content, Attributes())
    assert (tmp_path / "f").read_text() == "old\n"
    assert list(tmp_path.glob(".*")) == []
