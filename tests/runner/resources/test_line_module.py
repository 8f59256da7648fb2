"""file.line and file.block as task code calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import FileChanged
from sloth_tui.runner.hosts.host import AT_ONCE
from tests.runner.resources.support import LocalHost, Modules, lua, trace_of

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.runner.hosts.host import Attributes, Content, Replacement


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modules:
    monkeypatch.chdir(tmp_path)
    return Modules(tmp_path)


def line(modules: Modules, fields: str) -> bool:
    return modules.run(f"print(file.line({{path = 'f', {fields}}}).changed)") == ["true"]


def block(modules: Modules, fields: str) -> bool:
    return modules.run(f"print(file.block({{path = 'f', {fields}}}).changed)") == ["true"]


def test_a_line_is_added_found_again_repaired_and_removed(modules: Modules, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"a\n#port = 1\nb")
    wanted = "line = 'port = 80', match = '^#?port%s*='"
    assert line(modules, wanted)
    assert file.read_bytes() == b"a\nport = 80\nb"
    before = trace_of(file)
    assert not line(modules, wanted)
    assert trace_of(file) == before
    file.write_bytes(b"a\nport=81\nb")
    assert line(modules, wanted)
    assert file.read_bytes() == b"a\nport = 80\nb"
    assert line(modules, "match = '^port', absent = true")
    assert not line(modules, "match = '^port', absent = true")
    assert file.read_bytes() == b"a\nb"


def test_what_matches_after_the_change_is_found_by_the_second_run(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("replace\n")
    call = "file.line({path = 'f', line = 'REPLACED # x', match = '^replace$'})"
    assert modules.error(call) == (
        "file.line: match does not match line: a second run could not find it again"
    )
    assert (tmp_path / "f").read_text() == "replace\n"


def test_a_place_does_not_matter_to_a_line_that_is_there(modules: Modules, tmp_path: Path) -> None:
    text = "x = 1\n[section]\ny = 2\n"
    (tmp_path / "f").write_text(text)
    assert not line(modules, "line = 'x = 1', match = '^x', after = '^%[section%]'")
    assert not line(modules, "line = 'x = 1', after = '^%[section%]'")
    assert not line(modules, "line = 'y = 2', before = '^nothing'")
    assert (tmp_path / "f").read_text() == text


def test_after_is_after_the_last_and_before_before_the_first(modules: Modules, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("s\na\ns\nb\n")
    assert line(modules, "line = 'x', after = '^s'")
    assert file.read_text() == "s\na\ns\nx\nb\n"
    assert line(modules, "line = 'y', before = function(text) return text == 's' end")
    assert file.read_text() == "y\ns\na\ns\nx\nb\n"
    assert "no line matches after or before" in modules.error(
        "file.line({path = 'f', line = 'z', after = '^nothing'})"
    )
    assert file.read_text() == "y\ns\na\ns\nx\nb\n"


@pytest.mark.parametrize("text", ["a&b", r"\1 \g<0>", "/etc/x", "%1 %%", 'it\'s "q" $HOME', "é ^$.*[]()"])
def test_a_line_is_taken_to_the_letter(modules: Modules, tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text("key old\n")
    wanted = lua(f"key {text}")
    assert line(modules, f"line = {wanted}, match = '^key '")
    assert not line(modules, f"line = {wanted}, match = '^key '")
    assert (tmp_path / "f").read_text() == f"key {text}\n"


def test_a_longer_or_commented_line_is_another_one(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("#abc\nabcd\n abc\nabc \n")
    assert line(modules, "line = 'abc'")
    assert (tmp_path / "f").read_text() == "#abc\nabcd\n abc\nabc \nabc\n"


def test_several_lines_in_one_task_are_all_done(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    code = """
        local changed = 0
        for _, text in ipairs({"one", "two", "three"}) do
            if file.line({path = "f", line = text}).changed then changed = changed + 1 end
        end
        print(changed)
    """
    assert modules.run(code) == ["3"]
    assert modules.run(code) == ["0"]
    assert (tmp_path / "f").read_text() == "one\ntwo\nthree\n"


def test_a_line_that_goes_and_another_that_comes_do_not_disturb_each_other(
    modules: Modules, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("old\nkeep\n")
    code = """
        local gone = file.line({path = "f", line = "old", absent = true})
        local here = file.line({path = "f", line = "new"})
        print(gone.changed, here.changed)
    """
    assert modules.run(code) == ["true\ttrue"]
    assert modules.run(code) == ["false\tfalse"]
    assert (tmp_path / "f").read_text() == "keep\nnew\n"


def test_several_matches_are_named_and_all_makes_them_one(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("p = 1\na\np = 2\n")
    call = "file.line({path = 'f', line = 'p = 3', match = '^p ='})"
    assert modules.error(call) == (
        "file.line: match is found in lines 1, 3"
        " (all = true makes the first the line, and removes the others)"
    )
    assert line(modules, "line = 'p = 3', match = '^p =', all = true")
    assert (tmp_path / "f").read_text() == "p = 3\na\n"
    assert not line(modules, "line = 'p = 3', match = '^p =', all = true")


def test_windows_lines_match_without_their_carriage_return(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a = 1\r\nb = 1\r\n")
    assert line(modules, "line = 'b = 2', match = '^b = %d$'")
    assert line(modules, "line = 'c = 1', after = '1$'")
    assert (tmp_path / "f").read_bytes() == b"a = 1\r\nc = 1\r\nb = 2\r\n"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("line = ''", "line must not be empty"),
        ("line = 'a\\nb'", "line must be one line, without a line feed (file.block takes several)"),
        ("line = 'a\\r'", "line must be one line, without a line feed (file.block takes several)"),
        ("line = 'a\\0'", "line must not contain NUL"),
        ("match = 'a'", "line must be a string, got nil"),
        ("absent = true", "absent needs either line or match"),
        ("absent = true, line = 'a', match = 'a'", "absent needs either line or match"),
        ("absent = true, line = 'a', after = 'b'", "absent and after exclude each other"),
        ("line = 'a', after = 'b', before = 'c'", "needs either after or before"),
        ("line = 'a', match = '%'", "match: malformed pattern (ends with '%')"),
        ("line = 'a', after = '['", "after: malformed pattern (missing ']')"),
        ("line = 'a', match = 5", "match must be a string or function, got number"),
        ("line = 'a', lines = 'b'", "unknown field 'lines'; there are: absent, after, all, backup"),
        ("line = 'a', mode = 644", "mode must be a string, got number (octal digits in quotes"),
        ("line = 'a', mode = '00644'", "mode must be octal digits such as '0644', got '00644'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_done(
    modules: Modules, tmp_path: Path, fields: str, message: str
) -> None:
    (tmp_path / "f").write_text("x\nb\n")
    assert modules.error(f"file.line({{path = 'f', {fields}}})").startswith(f"file.line: {message}")
    assert (tmp_path / "f").read_text() == "x\nb\n"


def test_a_file_that_is_not_there(modules: Modules, tmp_path: Path) -> None:
    assert modules.error("file.line({path = 'f', line = 'a'})") == (
        "file.line: 'f' does not exist (create = true creates it)"
    )
    assert not line(modules, "line = 'a', absent = true")
    assert modules.run("print(file.line({path = 'no/f', line = 'a', absent = true}).changed)") == ["false"]
    assert not (tmp_path / "f").exists()
    assert line(modules, "line = 'a', create = true, mode = '0600'")
    assert (tmp_path / "f").read_text() == "a\n"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert "directory '" in modules.error("file.line({path = 'no/f', line = 'a', create = true})")


@pytest.mark.parametrize(
    "call", ["file.line({path = P, line = 'a'})", "file.block({path = P, name = 'a', block = ''})"]
)
def test_what_is_no_text_file_is_refused(modules: Modules, tmp_path: Path, call: str) -> None:
    (tmp_path / "binary").write_bytes(b"a\0b")
    (tmp_path / "dir").mkdir()
    assert "'binary' is no text file: it contains NUL" in modules.error(call.replace("P", "'binary'"))
    assert "'dir' is a directory" in modules.error(call.replace("P", "'dir'"))
    assert "'/dev/null' is not a regular file" in modules.error(call.replace("P", "'/dev/null'"))


def test_the_result_has_every_field(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\n")
    code = "for k, v in pairs(file.line({path = 'f', line = 'a'})) do print(k, v) end"
    found = dict(row.split("\t") for row in modules.run(code))
    assert found == {
        "changed": "false",
        "predicted": "false",
        "path": str(tmp_path / "f"),
        "backup": "false",
        "checksum": "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7",
    }


def test_a_link_to_the_file_stays_one(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a\n")
    (tmp_path / "f").symlink_to("real")
    assert line(modules, "line = 'b'")
    assert (tmp_path / "f").is_symlink()
    assert (tmp_path / "real").read_text() == "a\nb\n"


# Blocks


def test_a_block_is_added_found_again_repaired_and_removed(modules: Modules, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a\n")
    wanted = "name = 'web', block = '1\\n2\\n'"
    assert block(modules, wanted)
    text = "a\n# BEGIN web\n1\n2\n# END web\n"
    assert file.read_text() == text
    before = trace_of(file)
    assert not block(modules, wanted)
    assert not block(modules, "name = 'web', block = '1\\n2'")
    assert trace_of(file) == before
    file.write_text(text.replace("1\n", "by hand\n"))
    assert block(modules, wanted)
    assert file.read_text() == text
    assert block(modules, "name = 'web', absent = true")
    assert not block(modules, "name = 'web', absent = true")
    assert file.read_text() == "a\n"


def test_names_that_begin_alike_are_different_blocks(modules: Modules, tmp_path: Path) -> None:
    code = """
        local changed = {}
        for _, name in ipairs({"web", "web2", "web 2"}) do
            local done = file.block({path = "f", name = name, block = name, create = true})
            changed[#changed + 1] = tostring(done.changed)
        end
        print(table.concat(changed, " "))
    """
    assert modules.run(code) == ["true true true"]
    assert modules.run(code) == ["false false false"]
    assert block(modules, "name = 'web', absent = true")
    assert (
        tmp_path / "f"
    ).read_text() == "# BEGIN web2\nweb2\n# END web2\n# BEGIN web 2\nweb 2\n# END web 2\n"


@pytest.mark.parametrize("text", [None, b"", b"a", b"a\r\nb\r\n", b"a\nlast"])
def test_a_block_goes_into_any_text_once(modules: Modules, tmp_path: Path, text: bytes | None) -> None:
    if text is not None:
        (tmp_path / "f").write_bytes(text)
    wanted = "name = 'web', block = '1\\n2', create = true"
    assert block(modules, wanted)
    once = (tmp_path / "f").read_bytes()
    assert not block(modules, wanted)
    assert (tmp_path / "f").read_bytes() == once
    assert once.startswith(text or b"")
    (tmp_path / "f").write_bytes(text or b"")  # removed by hand
    assert block(modules, wanted)
    assert (tmp_path / "f").read_bytes() == once


def test_an_end_that_was_deleted_by_hand_is_an_error(modules: Modules, tmp_path: Path) -> None:
    text = "a\n# BEGIN web\n1\nb\n"
    (tmp_path / "f").write_text(text)
    message = modules.error("file.block({path = 'f', name = 'web', block = '2'})")
    assert message == "file.block: its marker '# END web' is missing (repair it by hand)"
    assert "is missing" in modules.error("file.block({path = 'f', name = 'web', absent = true})")
    assert (tmp_path / "f").read_text() == text


def test_where_a_block_goes(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\nb\nc\n")
    assert block(modules, "name = 'x', block = '', comment = '<!-- %s -->', before = '^b'")
    assert block(modules, "name = 'y', block = '1', after = '^a'")
    marked = "a\n# BEGIN y\n1\n# END y\n<!-- BEGIN x -->\n<!-- END x -->\nb\nc\n"
    assert (tmp_path / "f").read_text() == marked
    # Where it is told apart from where it would go.
    assert not block(modules, "name = 'y', block = '1', after = '^c'")
    assert "no line matches after or before" in modules.error(
        "file.block({path = 'f', name = 'z', block = '', after = '^nothing'})"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("block = 'a'", "name must be a string, got nil"),
        ("name = '', block = 'a'", "name must not be empty"),
        ("name = 'a\\nb', block = 'a'", "name must be one line"),
        ("name = 'a'", "block must be a string, got nil"),
        ("name = 'a', block = 'x\\0'", "block must not contain NUL"),
        ("name = 'a', block = 'x', comment = ''", "comment must not be empty"),
        ("name = 'a', block = 'x', absent = true", "absent and block exclude each other"),
        ("name = 'a', block = '# END a'", "block contains its own marker '# END a'"),
    ],
)
def test_what_makes_no_block_is_refused(modules: Modules, tmp_path: Path, fields: str, message: str) -> None:
    (tmp_path / "f").write_text("x\n")
    assert modules.error(f"file.block({{path = 'f', {fields}}})").startswith(f"file.block: {message}")
    assert (tmp_path / "f").read_text() == "x\n"


# Another writer


class Disturbed(LocalHost):
    """This machine, with somebody else who changes the file before each of the first replacements."""

    def __init__(self, times: int) -> None:
        self._times = times

    def put(self, path: str, content: Content, wanted: Attributes, how: Replacement = AT_ONCE) -> str | None:
        if self._times:
            self._times -= 1
            with open(path, "a") as file:
                file.write("by somebody else\n")
        return super().put(path, content, wanted, how)


@pytest.mark.parametrize("where", ["", ", after = '^a'"], ids=["end", "after"])
def test_a_file_that_changes_meanwhile_is_read_once_more(tmp_path: Path, where: str) -> None:
    (tmp_path / "f").write_text("a\n")
    modules = Modules(tmp_path, others=Disturbed(1))
    modules.run(f"file.line({{path = {lua(str(tmp_path / 'f'))}, line = 'b', delegate_to = 'h'{where}}})")
    found = (tmp_path / "f").read_text()
    assert found == ("a\nb\nby somebody else\n" if where else "a\nby somebody else\nb\n")


def test_a_file_that_keeps_changing_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("a\n")
    modules = Modules(tmp_path, others=Disturbed(9))
    call = f"file.block({{path = {lua(str(path))}, name = 'b', block = 'x', delegate_to = 'h'}})"
    assert modules.error(call) == f"file.block: '{path}' keeps changing"
    assert path.read_text() == "a\nby somebody else\nby somebody else\n"
    assert list(tmp_path.glob(".*")) == []


def test_lines_are_found_in_the_content_that_they_are_changed_in(modules: Modules, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a\n")
    code = """
        print(pcall(file.line, {path = "f", line = "b", match = function(text)
            if text == "a" then error("stop", 0) end
            return true
        end}))
        file.write("f", "c\\n")
        print(file.line({path = "f", line = "a"}).changed)
    """
    assert modules.run(code) == ["false\tstop", "true"]
    assert file.read_text() == "c\na\n"
    # Two at the same time: the first has found its line where it no longer is.
    file.write_text("a\nb\n")
    code = """
        local function wait(text)
            if text == "b" then coroutine.yield() end
            return text == "b" or text == "B"
        end
        local first = coroutine.wrap(function()
            return file.line({path = "f", line = "B", match = wait}).changed
        end)
        first()
        print(file.line({path = "f", line = "new", before = "^a"}).changed)
        print(first() or first())
    """
    assert modules.run(code) == ["true", "true"]
    assert file.read_text() == "new\na\nB\n"


def test_a_replacement_that_expects_another_content_is_refused(tmp_path: Path) -> None:
    from sloth_tui.runner.hosts.contents import Bytes
    from sloth_tui.runner.hosts.host import Attributes, Replacement

    path = tmp_path / "f"
    host = LocalHost()
    host.put(str(path), Bytes(b"new"), Attributes(), Replacement(expected=""))
    with pytest.raises(FileChanged):
        host.put(str(path), Bytes(b"newer"), Attributes(), Replacement(expected=""))
    with pytest.raises(FileChanged):
        host.put(str(path), Bytes(b"newer"), Attributes(), Replacement(expected="0" * 64))
    assert path.read_bytes() == b"new"
    assert list(tmp_path.glob(".*")) == []
