"""Lua's file, template, crypto and log."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskOutput
from tests.runner.support import lines_of, run_file, run_task, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; the task file is there as well."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_write_is_done_once(tmp_path: Path) -> None:
    body = r"""
        for _ = 1, 2 do print(json.encode(file.write("out", "a\255\0"))) end
        print(json.encode(file.write({path = "out", content = "a\255\0", mode = "0640"})))
        print(json.encode(file.write({path = "out", content = "a\255\0", mode = "640"})))
        print(json.encode(file.write("out", "")))
    """
    checksum = hashlib.sha256(b"a\xff\0").hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    lines = lines_of(tmp_path, body)
    assert lines == [
        f'{{"backup":false,"changed":{changed},"checksum":"{found}","path":"{tmp_path}/out","predicted":false}}'
        for changed, found in [
            ("true", checksum),
            ("false", checksum),
            ("true", checksum),
            ("false", checksum),
            ("true", empty),
        ]
    ]
    assert mode_of(tmp_path / "out") == 0o640


def test_what_is_there_already_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, "same", "out")
    os.utime(tmp_path / "out", ns=(1, 1))
    inode = (tmp_path / "out").stat().st_ino
    lines_of(tmp_path, 'file.write("out", "same") file.copy({src = "out", dest = "out"})')
    assert (tmp_path / "out").stat().st_mtime_ns == 1
    assert (tmp_path / "out").stat().st_ino == inode


def test_copy_replaces_at_once_and_keeps_what_was_not_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "new", "src")
    (tmp_path / "src").chmod(0o755)
    write(tmp_path, "old", "existing")
    (tmp_path / "existing").chmod(0o600)
    (tmp_path / "dir").mkdir()
    (tmp_path / "link").symlink_to("existing")
    body = """
        print(file.copy({src = "src", dest = "fresh"}).changed)
        local function copy(dest) return file.copy({src = "src", dest = dest}).changed end
        print(copy("link"), copy("link"))
        print(copy("dir"), copy("dir/"))
        print(file.copy({src = "src", dest = "fresh", mode = "0444"}).changed)
    """
    assert lines_of(tmp_path, body) == ["true", "true\tfalse", "true\tfalse", "true"]
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "existing").read_text() == "new"
    assert mode_of(tmp_path / "existing") == 0o600
    assert mode_of(tmp_path / "fresh") == 0o444
    assert mode_of(tmp_path / "dir" / "src") == 0o755
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


@pytest.mark.slow
def test_large_files_are_copied_without_passing_through_memory(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(65 * 1024 * 1024)
    body = """
        local function copy() return file.copy({src = "large", dest = "copy"}) end
        local first, second = copy(), copy()
        print(first.changed, second.changed, first.checksum == second.checksum)
        print(first.checksum == file.checksum("large"), pcall(file.read, "large"))
    """
    lines = lines_of(tmp_path, body, memory_limit=16 * 1024 * 1024)
    assert lines[0] == "true\tfalse\ttrue"
    assert lines[1].startswith("true\tfalse\ttasks.lua:6: file.read: 'large' is larger than 64 MiB")
    assert (tmp_path / "copy").stat().st_size == 65 * 1024 * 1024
    (tmp_path / "copy").unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_and_group(tmp_path: Path) -> None:
    body = """
        local options = {path = "out", content = "x", owner = "daemon", group = "1"}
        print(file.write(options).changed, file.write(options).changed)
        print(file.write("out", "y").changed)
    """
    assert lines_of(tmp_path, body) == ["true\tfalse", "true"]
    status = (tmp_path / "out").stat()
    assert (status.st_uid, status.st_gid) == (1, 1)


def test_read_exists_remove_checksum(tmp_path: Path) -> None:
    write(tmp_path, b"a\xff\0\n", "in")
    body = r"""
        print(file.read("in") == "a\255\0\n", file.read({path = "in", delegate_to = "local"}) == "a\255\0\n")
        print(file.exists("in"), file.exists("no"), file.exists("."))
        print(file.checksum("in") == crypto.sha256("a\255\0\n"), file.checksum("no"))
        print(file.remove("in"), file.remove("in"), file.exists("in"))
    """
    assert lines_of(tmp_path, body) == ["true\ttrue", "true\tfalse\ttrue", "true\tnil", "true\tfalse\tfalse"]


def test_sources_are_found_beside_the_task_file_and_then_in_the_working_directory(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """task({name = "a", run = function()
            print(template.render({src = "t.j2"}), template.render({src = "./here.j2"}))
            file.copy({src = "t.j2", dest = "copied"})
        end})""",
        "project/tasks.lua",
    )
    write(tmp_path, "beside", "project/t.j2")
    write(tmp_path, "not this", "t.j2")
    write(tmp_path, "here", "here.j2")
    assert run_file(path).lines == ["beside\there"]
    assert (tmp_path / "copied").read_text() == "beside"


WRONG_CALLS = [
    # (call, how its message begins)
    ("file.copy({src = 'no', dest = 'x'})", "file.copy: 'no': No such file or directory"),
    ("file.copy({src = '.', dest = 'x'})", "file.copy: '"),
    ("file.copy({dest = 'x'})", "file.copy: src must be a string, got nil"),
    ("file.copy('a', 'b')", "file.copy: needs a table of fields, got string"),
    ("file.copy({src = 'tasks.lua', dest = 'no/x'})", "file.copy: directory '"),
    ("file.write('', 'x')", "file.write: path must not be empty"),
    ("file.write('x')", "file.write: content must be a string, got nil"),
    ("file.write('.', 'x')", "file.write: '.' is a directory"),
    ("file.write({path = 'x', content = '', mode = 'rw'})", "file.write: mode must be octal digits"),
    (
        "file.write({path = 'x', content = '', mode = 644})",
        "file.write: mode must be a string, got number",
    ),
    ("file.write({path = 'x', content = '', owner = 'no!'})", "file.write: owner 'no!' is not a user"),
    ("file.write({path = 'x', content = '', group = 'no!'})", "file.write: group 'no!' is not a group"),
    ("file.read('no')", "file.read: 'no': No such file or directory"),
    ("file.read('.')", "file.read: '.' is a directory"),
    ("file.read(5)", "file.read: path must be a string, got number"),
    ("file.read('a\\0b')", "file.read: a path must not contain NUL"),
    ("file.remove('.')", "file.remove: '.' is the working directory, which is not removed"),
    ("template.render({})", "template.render: needs either src or content"),
    ("template.render({src = 'a', content = 'b'})", "template.render: needs either src or content"),
    ("template.render({src = 'no.j2'})", "template.render: there is no template 'no.j2'"),
    ("template.render({content = '\\n{{ x }}'})", "template.render: content:2: 'x' is undefined"),
    ("template.render({content = '{{ x'})", "template.render: content:1: unexpected end of template"),
    ("template.render({content = '{{ 1 / 0 }}'})", "template.render: content:1: division by zero"),
    ("template.render({content = '\\255'})", "template.render: 'content' is not UTF-8 at byte 0"),
    (
        "template.render({content = '', vars = {f = print}})",
        "template.render: vars.f is a function, which JSON cannot hold",
    ),
    ("crypto.sha256(5)", "crypto.sha256: text must be a string, got number"),
    ("json.decode('{')", "json.decode: line 1, column 2: an object whose name is not text"),
    ("json.encode(print)", "json.encode: value is a function, which JSON cannot hold"),
]


def test_what_goes_wrong_names_function_and_argument(tmp_path: Path) -> None:
    calls = (f"print(select(2, pcall(function() {call} end)))" for call, _ in WRONG_CALLS)
    lines = lines_of(tmp_path, "\n".join(calls))
    assert len(lines) == len(WRONG_CALLS)
    for place, (line, (call, message)) in enumerate(zip(lines, WRONG_CALLS, strict=True), 2):
        assert line.startswith(f"tasks.lua:{place}: {message}"), call


@pytest.mark.slow
def test_templates(tmp_path: Path) -> None:
    write(tmp_path, "[{% block body %}{% endblock %}]\n", "base.j2")
    loop = "{% for x in list %},{{ x }}{% endfor %}"
    page = "{% extends 'base.j2' %}{% block body %}{{ name }}" + loop + "{% endblock %}"
    write(tmp_path, page, "page.j2")
    body = """
        print(template.render({src = "page.j2", vars = {name = "é", list = {1, 2.5, "<b>"}}}))
        local vars = {on = true, none = json.null}
        print(template.render({content = "{{ on }} {{ none is none }}", vars = vars}))
        print(template.render({content = "{{ v.port + 1 }}", vars = {v = values}}))
    """
    assert lines_of(tmp_path, body, values={"port": 80}) == ["[é,1,2.5,<b>]", "", "True True", "81"]


def test_an_error_in_an_included_template_names_that_one(tmp_path: Path) -> None:
    write(tmp_path, "\n\n{{ missing }}", "inner.j2")
    write(tmp_path, "{% include 'inner.j2' %}", "outer.j2")
    told = run_task(tmp_path, 'template.render({src = "outer.j2"})')
    assert told.errors["only"] == "tasks.lua:2: template.render: inner.j2:3: 'missing' is undefined"


def test_digests(tmp_path: Path) -> None:
    names = ["sha256", "sha512", "sha1", "md5"]
    lines = lines_of(tmp_path, "".join(rf'print(crypto.{name}("a\255")) ' for name in names))
    assert lines == [hashlib.new(name, b"a\xff").hexdigest() for name in names]


def test_log_has_its_own_stream_and_says_its_level(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'log.debug("a") log.info("b", 1) log.warn("c\\nd") log.error(nil)')
    assert [(event.stream, event.text) for event in told.of(TaskOutput)] == [
        ("log", "debug: a"),
        ("log", "info: b\t1"),
        ("log", "warn: c"),
        ("log", "d"),
        ("log", "error: nil"),
    ]


@pytest.mark.slow
def test_nothing_is_done_while_a_file_is_listed(tmp_path: Path) -> None:
    from sloth_tui.errors import TaskFileError
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runner.supervision.listing import list_tasks

    for call in ('cmd("touch x")', 'file.write("x", "y")', 'file.copy({src = "tasks.lua", dest = "x"})'):
        path = write(tmp_path, call)
        with pytest.raises(TaskFileError, match="not while the file is only listed"):
            list_tasks(RunRequest(path, "local"))
    assert not (tmp_path / "x").exists()


def test_devices_and_pipes_are_not_replaced_by_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    body = """
        print(pcall(file.write, "pipe", "x"))
        print(pcall(file.copy, {src = "tasks.lua", dest = "pipe"}))
    """
    assert lines_of(tmp_path, body) == [
        "false\ttasks.lua:3: file.write: 'pipe' is not a regular file",
        "false\ttasks.lua:4: file.copy: 'pipe' is not a regular file",
    ]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.slow
def test_owners_that_cannot_be_are_no_users_of_this_machine(tmp_path: Path) -> None:
    owners = ["4294967295", "99999999999999999999", "-1", "a\\0b", ""]
    for field, kind in (("owner", "user"), ("group", "group")):
        calls = (f'file.write({{path = "f", content = "x", {field} = "{owner}"}})' for owner in owners)
        body = "\n".join(f"print(select(2, pcall(function() {call} end)))" for call in calls)
        lines = lines_of(tmp_path, body)
        assert len(lines) == len(owners)
        for place, line in enumerate(lines, 2):
            assert line.startswith(f"tasks.lua:{place}: file.write: {field} '")
            assert line.endswith(f"is not a {kind} of this machine")
    assert not (tmp_path / "f").exists()


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_called_what_the_task_calls_it(tmp_path: Path) -> None:
    long = "x" * 300
    told = run_task(tmp_path, f'file.write("{long}", "x")')
    assert told.errors["only"] == f"tasks.lua:2: file.write: '{long}': File name too long"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        told = run_task(tmp_path, 'file.write("large", ("x"):rep(200000))')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told.errors["only"] == "tasks.lua:2: file.write: 'large': File too large"
    assert [name for name in os.listdir(tmp_path) if "large" in name or "x" in name] == []


def test_variables_of_a_template_have_names(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'template.render({content = "x", vars = {"a", "b"}})')
    assert told.errors["only"] == "tasks.lua:2: template.render: vars must have names, got a list"


LINE_ENDS = {
    "crlf.conf": b"a\r\n{% if true %}\r\nb={{ v }}\r\n{%- endif %}\r\n",
    "mixed.conf": b"one\r\ntwo\nthree\r{# a\r\nb #}four\n\r\n{% raw %}{{\r\n{% endraw %}{{ v }}\r\nend\n",
    "outer.conf": b"x\r\n{% include 'mixed.conf' %}y\r\n",
    "quoted.conf": b"{{ 'a\r\nb\nc\rd\\\r\ne\\n' ~\r\n \"\xc3\xa9\r\n\\\\\r\n\" }}\r\n{{ 'z\r\n' }}\n",
}


RENDERED = {
    "crlf.conf": b"a\r\n\r\nb=1\r\n2\r\n",
    "mixed.conf": b"one\r\ntwo\nthree\rfour\n\r\n{{\r\n1\r\n2\r\nend\n",
    "quoted.conf": b"a\r\nb\nc\rde\n\xc3\xa9\r\n\\\r\n\r\nz\r\n\n",
    "outer.conf": b"x\r\none\r\ntwo\nthree\rfour\n\r\n{{\r\n1\r\n2\r\nend\ny\r\n",
}


@pytest.mark.slow
def test_a_template_keeps_its_own_line_ends(tmp_path: Path) -> None:
    for file, text in LINE_ENDS.items():
        (tmp_path / file).write_bytes(text)
    body = "".join(
        f"file.write('{name}.out', template.render({{src = '{name}', vars = {{v = '1\\r\\n2'}}}})) "
        for name in RENDERED
    )
    assert lines_of(tmp_path, body) == []
    assert {name: (tmp_path / f"{name}.out").read_bytes() for name in RENDERED} == RENDERED


@pytest.mark.slow
def test_templates_see_null_as_none_floats_as_short_and_names_in_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    body = """
        local text = "{{ x is none }} {{ x }} {{ f }}{% for k in t %} {{ k }}{% endfor %}"
        print(template.render({content = text, vars = values}))
        print(template.render({content = text, vars = {x = json.null, f = 1e22, t = values.t}}))
    """
    given = {"x": None, "f": 0.1, "t": {"zebra": 1, "ape": 2, "mule": 3}}
    assert lines_of(tmp_path, body, values=given) == [
        "True None 0.1 zebra ape mule",
        "True None 1e+22 zebra ape mule",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
def test_a_template_that_is_not_a_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "template"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    what = "a directory" if kind == "directory" else "not a regular file"
    body = "local _, message = pcall(template.render, {src = 'template'}) print(message)"
    (line,) = lines_of(tmp_path, body)
    assert line.endswith(f"template.render: '{path}' is {what}")
