from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.errors import UsageError
from sloth_tui.runner.values import assign, read_values
from tests.runner.support import lines_of, write

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = {"host": "web1", "port": 8080, "ratio": 0.5, "on": True, "list": ["a", 2], "deep": {"x": {"y": 1}}}
FILES = {
    "v.yaml": "host: web1\nport: 8080\nratio: 0.5\n'on': true\nlist: [a, 2]\ndeep: {x: {y: 1}}\n",
    "v.json": '{"host":"web1","port":8080,"ratio":0.5,"on":true,"list":["a",2],"deep":{"x":{"y":1}}}',
    "v.toml": 'host="web1"\nport=8080\nratio=0.5\non=true\nlist=["a",2]\n[deep.x]\ny=1\n',
}
BOMB = "a0: &a0 [1, 2]\n" + "".join(
    f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]\n" for number in range(1, 30)
)
MERGES = (
    "a: &a {"
    + ", ".join(f"k{number}: 1" for number in range(400))
    + "}\n"
    + "".join(f"b{number}: {{<<: *a}}\n" for number in range(400))
)


@pytest.mark.parametrize("name", FILES)
def test_each_format_says_the_same(tmp_path: Path, name: str) -> None:
    assert read_values(write(tmp_path, FILES[name], name)) == EXPECTED


def test_assignments_go_on_top_in_order_and_read_yaml_scalars(tmp_path: Path) -> None:
    file = write(tmp_path, "app: {name: shop, size: 1}\nhost: old\n", "v.yml")
    sets = ["host=new", "app.size=2", "app.tags=[x, y]", "new.deep.flag=yes", "text='8'", "empty=", "a==b"]
    assert read_values(file, sets) == {
        "app": {"name": "shop", "size": 2, "tags": ["x", "y"]},
        "host": "new",
        "new": {"deep": {"flag": True}},
        "text": "8",
        "empty": None,
        "a": "=b",
    }


def test_yaml_specials_become_what_json_has(tmp_path: Path) -> None:
    file = write(tmp_path, "day: 2024-05-01\nports: {8080: web, true: x}\n", "v.yaml")
    assert read_values(file) == {"day": "2024-05-01", "ports": {"8080": "web", "true": "x"}}


@pytest.mark.parametrize(("name", "content"), [("v.yaml", ""), ("v.yaml", "# nothing\n"), ("v.toml", "")])
def test_an_empty_file_has_no_values(tmp_path: Path, name: str, content: str) -> None:
    assert read_values(write(tmp_path, content, name)) == {}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("v.ini", "", "no known ending"),
        ("v.yaml", "a: [1", "expected ',' or ']'"),
        ("v.yaml", "- 1\n- 2\n", "must hold names and values, not a list"),
        ("v.yaml", "a: .inf\n", "a: inf is no finite number"),
        ("v.yaml", "a: 99999999999999999999\n", "does not fit in 64 bits"),
        ("v.yaml", "a: !!python/object:os.system {}\n", "could not determine a constructor"),
        pytest.param("v.yaml", BOMB, "more than 100,000 values", id="aliases"),
        ("v.yaml", "a: &a [*a]", "nested too deeply"),
        pytest.param("v.yaml", MERGES, "more than 100,000 values", id="merge keys"),
        pytest.param(
            "v.yaml", f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 99)}]\n", "16 MiB of text", id="text"
        ),
        pytest.param("v.yaml", b"#" * (16 * 1024 * 1024 + 1), "larger than 16 MiB", id="size"),
        ("v.json", '{"a": "\\ud800"}', "a: half of a surrogate pair is no text"),
        ("v.json", '{"\\ud800": 1}', "half of a surrogate pair is no text"),
        pytest.param("v.json", '{"a":' + "[" * 100 + "]" * 100 + "}", "nested too deeply", id="levels"),
        ("v.yaml", "a: !!binary aGk=", "a: bytes cannot be a value"),
        ("v.json", '{"a": }', "Expecting value"),
        pytest.param("v.json", "[" * 100_000, "nested too deeply", id="depth"),
        ("v.toml", "a = ", "Invalid value"),
        ("v.json", b"\xff\xfe{", "not UTF-8 at byte 0"),
    ],
)
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, name: str, content: str | bytes, complaint: str
) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(UsageError) as caught:
        read_values(path)
    assert complaint in caught.value.message
    assert path in caught.value.message
    assert "\n" not in caught.value.message


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "v.yaml")
    with pytest.raises(UsageError, match="is no regular file"):
        read_values(str(tmp_path / "v.yaml"))


def test_an_equals_sign_is_text() -> None:
    assert read_values(None, ["separator=="]) == {"separator": "="}


def test_the_deepest_values_that_are_taken_reach_lua(tmp_path: Path) -> None:
    path = ".".join("a" * 90)
    values = read_values(None, [f"{path}={'[' * 90}{']' * 90}"])
    assert lines_of(tmp_path, "print(type(values.a))", values=values) == ["table"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml': No such file"):
        read_values(str(tmp_path / "nowhere.yaml"))


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("novalue", "must look like name=value"),
        ("=x", "must look like name=value"),
        ("a..b=x", "must look like name=value"),
        ("a=[", "--set 'a=['"),
        ("a=!!bool x", "a value does not fit its tag"),
        ("a=!!int ''", "a value does not fit its tag"),
        ("a=!!timestamp x", "a value does not fit its tag"),
        ("a=&a [*a]", "nested too deeply"),
        pytest.param("a=" + "[" * 5000, "nested too deeply", id="depth"),
        pytest.param("a." * 100 + "a=1", "nested too deeply", id="levels"),
        ("\udcff=1", "half of a surrogate pair is no text"),
        ('a="\\ud800"', "half of a surrogate pair is no text"),
        ("host.inner=1", "'host' is text, not a table"),
    ],
)
def test_a_bad_assignment_is_one_clear_line(assignment: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        assign({"host": "web1"}, assignment)
    assert complaint in caught.value.message
    assert "\n" not in caught.value.message


@given(st.text())
def test_any_text_after_set_is_an_assignment_or_a_usage_error(text: str) -> None:
    values: dict[str, object] = {}
    with suppress(UsageError):
        assign(values, text)
        assert values


def test_tasks_see_values_as_a_table_with_a_sorted_walk(tmp_path: Path) -> None:
    body = """
        for name, value in pairs(values) do print(name, value) end
        for name in pairs(values.t) do print(name) end
        print(values.list[2], #values.list, math.type(values.i), math.type(values.f), values.null)
        local first = values.list[3]
        print(first == json.null, json.encode(values.list))
    """
    given_values = {
        "i": 1,
        "f": 1.0,
        "s": "é",
        "null": None,
        "list": [1, "two", None],
        "t": dict.fromkeys("hgfedcba", 1),
    }
    lines = lines_of(tmp_path, body, values=given_values)
    assert [line.split("\t")[0] for line in lines[:5]] == ["f", "i", "list", "s", "t"]
    assert lines[5:13] == list("abcdefgh")
    assert lines[13:] == ["two\t3\tinteger\tfloat\tnil", 'true\t[1,"two",null]']


def test_without_values_there_is_an_empty_table(tmp_path: Path) -> None:
    assert lines_of(tmp_path, "print(type(values), next(values), values.host)") == ["table\tnil\tnil"]
