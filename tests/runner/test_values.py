from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.errors import UsageError
from sloth_tui.runner.inputs import assign, read_values
from tests.runner.support import lines_of, write
from tests.strategies import CHARACTERS

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


@pytest.mark.parametrize("name", FILES)
def test_each_format_says_the_same(tmp_path: Path, name: str) -> None:
    assert read_values(write(tmp_path, FILES[name], name)) == EXPECTED


def test_assignments_go_on_top_in_order_and_texts_last(tmp_path: Path) -> None:
    file = write(tmp_path, "app: {name: shop, size: 1}\nhost: old\n", "v.yml")
    sets = ["host=new", "app.size=2", "new.deep.flag=true", "empty=", "a==b", "n=1"]
    assert read_values(file, sets, ["n=1", "app.id=007"]) == {
        "app": {"name": "shop", "size": 2, "id": "007"},
        "host": "new",
        "new": {"deep": {"flag": True}},
        "empty": "",
        "a": "=b",
        "n": "1",
    }


@pytest.mark.parametrize("text", ["007", "1", "null", "[a]", "", " x ", "a=b", "'q'", "18446744073709551557"])
def test_set_string_keeps_text_to_the_letter(text: str) -> None:
    assert read_values(None, [], [f"a.b={text}"]) == {"a": {"b": text}}


@pytest.mark.parametrize(
    "text",
    [
        "abc #1",
        "see: this",
        "no",
        "yes",
        "on",
        "NO",
        "12:30",
        "0123456",
        "-012",
        "01.5",
        "0123e45",
        "1_000",
        "2024-05-01",
        "[a, b]",
        "{a: 1}",
        "'8'",
        '"8"',
        "",
        " ",
        " 1",
        "a\n  b",
        "&a",
        "*a",
        "!!int 1",
        "|",
        "=",
        "-",
        "- a",
        "%",
        "@",
        "0x",
        "-0x1F",
        "0o8",
        "+.5.",
        "nULL",
        "tRUE",
        "١",
    ],
)
def test_set_keeps_what_is_no_scalar_of_the_core_schema_to_the_letter(text: str) -> None:
    assert read_values(None, [f"v={text}"]) == {"v": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8080", 8080),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-0.0", -0.0),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_scalars_of_the_core_schema_mean_the_same_to_set_and_in_a_file(
    tmp_path: Path, text: str, value: object
) -> None:
    assert repr(read_values(None, [f"v={text}"])) == repr({"v": value})
    assert repr(read_values(write(tmp_path, f"v: {text}\n", "v.yaml"))) == repr({"v": value})


def test_yaml_follows_the_core_schema_and_keeps_dates_and_keys_as_written(tmp_path: Path) -> None:
    text = "day: 2024-05-01\nports: {8080: web, true: x, 1.0: y}\non: no\nat: 12:30\nsha: 0123456\nnothing:\n"
    assert read_values(write(tmp_path, text, "v.yaml")) == {
        "day": "2024-05-01",
        "ports": {"8080": "web", "true": "x", "1.0": "y"},
        "on": "no",
        "at": "12:30",
        "sha": "0123456",
        "nothing": None,
    }


def test_yaml_tags_and_anchors_and_no_merges(tmp_path: Path) -> None:
    text = (
        "s: !!str 1\ni: !!int '7'\nf: !!float 3\nb: !!bool 'true'\nn: !!null ''\nl: !!seq [&x a, *x]\n"
        "base: &base {k: 1, z: 2}\none: {<<: *base, k: 3}\nq: {'<<': 1}\n"
    )
    assert read_values(write(tmp_path, text, "v.yaml")) == {
        "s": "1",
        "i": 7,
        "f": 3.0,
        "b": True,
        "n": None,
        "l": ["a", "a"],
        "base": {"k": 1, "z": 2},
        "one": {"<<": {"k": 1, "z": 2}, "k": 3},
        "q": {"<<": 1},
    }


def test_toml_dates_are_text_and_its_lists_of_tables_are_lists(tmp_path: Path) -> None:
    text = "day = 2024-05-01\nat = 07:30:00\nmoment = 2024-05-01T07:30:00Z\n[[a]]\nx.y = 1\n[[a]]\nx.y = 2\n"
    assert read_values(write(tmp_path, text, "v.toml")) == {
        "day": "2024-05-01",
        "at": "07:30:00",
        "moment": "2024-05-01T07:30:00+00:00",
        "a": [{"x": {"y": 1}}, {"x": {"y": 2}}],
    }


DOUBLES = {
    # text: both places and the name
    "v.json": [
        ('{"a": 1,\n "b": 2,\n "a": 3}', "line 3, column 2: key 'a' occurs twice, first at line 1, column 2"),
        (
            '[{"x": {"k": 1,\n"é": "}", "k": 2}}]',
            "line 2, column 11: key 'k' occurs twice, first at line 1, column 9",
        ),
        (
            '{"a": {"b": 1}, "\\u0061": 2}',
            "line 1, column 17: key 'a' occurs twice, first at line 1, column 2",
        ),
    ],
    "v.yaml": [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' occurs twice, first at line 1, column 1"),
        ("x:\n- {1: a, '1': b}\n", "line 2, column 10: key '1' occurs twice, first at line 2, column 4"),
        (
            "a: &a {}\nb:\n  <<: *a\n  '<<': *a\n",
            "line 4, column 3: key '<<' occurs twice, first at line 3, column 3",
        ),
    ],
    "v.toml": [
        ("a = 1\nb = 2\na = 3\n", "line 3, column 1: key 'a' occurs twice, first at line 1, column 1"),
        ("[t]\nx = 1\n[u]\n[t]\n", "line 4, column 1: key 't' occurs twice, first at line 1, column 1"),
        (
            "t = {x = 1, y = '#', x = 2}\n",
            "line 1, column 22: key 't.x' occurs twice, first at line 1, column 6",
        ),
        (
            "[[t]]\nx = 1\n[[t]]\nx = 2\nx = 3\n",
            "line 5, column 1: key 't.x' occurs twice, first at line 4, column 1",
        ),
        ("a.b = 1\n[a]\n", "line 2, column 1: key 'a' occurs twice, first at line 1, column 1"),
        ('"a\\u0062" = 1\nab = 2\n', "line 2, column 1: key 'ab' occurs twice, first at line 1, column 1"),
        ("a = {x = 1}\na.y = 2\n", "line 2, column 1: key 'a' occurs twice, first at line 1, column 1"),
        (
            'a = """\nb = 1\n"""\nb = 1\nb = 2',
            "line 5, column 1: key 'b' occurs twice, first at line 4, column 1",
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "text", "complaint"), [(n, t, c) for n, of in DOUBLES.items() for t, c in of]
)
def test_a_key_that_occurs_twice_is_refused_with_both_places(
    tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    path = write(tmp_path, text, name)
    with pytest.raises(UsageError) as caught:
        read_values(path)
    assert caught.value.message == f"values file '{path}': {complaint}"


@pytest.mark.parametrize(("name", "content"), [("v.yaml", ""), ("v.yaml", "# nothing\n"), ("v.toml", "")])
def test_an_empty_file_has_no_values(tmp_path: Path, name: str, content: str) -> None:
    assert read_values(write(tmp_path, content, name)) == {}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("v.ini", "", "no known ending"),
        ("v.yaml", "a: [1", "line 2, column 1: did not find expected ',' or ']'"),
        ("v.yaml", "- 1\n- 2\n", "must hold names and values, not a list"),
        ("v.yaml", "a: 1\n---\nb: 2\n", "line 2, column 1: a second document; only one is read"),
        ("v.yaml", "a:\n- b: .inf\n", "a[1].b: a number that is not finite; write it as text, in quotes"),
        ("v.yaml", "a: .NaN\n", "a: a number that is not finite"),
        ("v.yaml", "a: 99999999999999999999\n", "a: an integer beyond 64 bits; write it as text, in quotes"),
        pytest.param("v.yaml", f"a: {'9' * 5000}\n", "a: an integer beyond 64 bits", id="digits"),
        (
            "v.yaml",
            "a: !!python/object:os.system {}\n",
            "line 1, column 4: tag '!!python/object:os.system' is not known",
        ),
        ("v.yaml", "a: !!int x\n", "line 1, column 4: the value does not fit its tag '!!int'"),
        ("v.yaml", "a: !!binary aGk=", "line 1, column 4: tag '!!binary' is not known"),
        ("v.yaml", "? [a]\n: 1\n", "line 1, column 3: a key must be text"),
        ("v.yaml", "a: {!!merge <<: 1}\n", "line 1, column 5: tag '!!merge' is not known"),
        ("v.yaml", "a: *b", "line 1, column 4: alias '*b' has no anchor before it"),
        ("v.yaml", "a: é\x01", "line 1, column 5: U+0001 is not allowed in YAML"),
        pytest.param("v.yaml", BOMB, "more than 100,000 values", id="aliases"),
        ("v.yaml", "a: &a [*a]", "line 1, column 8: '&a' contains itself"),
        pytest.param(
            "v.yaml", f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 99)}]\n", "16 MiB of text", id="text"
        ),
        pytest.param("v.yaml", b"#" * (16 * 1024 * 1024 + 1), "larger than 16 MiB", id="size"),
        pytest.param("v.yaml", "[" * 100_000, "nested more than 200 deep", id="yaml flow"),
        pytest.param(
            "v.yaml", "- " * 201 + "a", "line 1, column 401: nested more than 200 deep", id="yaml block"
        ),
        ("v.json", '{"a": [{"b": "\\ud800"}]}', "a[1].b: \\ud800 is half of a character"),
        ("v.json", '{"\\ud800": 1}', "\\ud800 is half of a character"),
        ("v.json", '{"a": [1, 18446744073709551557]}', "a[2]: an integer beyond 64 bits"),
        ("v.json", '{"a": 1e999}', "a: a number that is not finite"),
        ("v.json", '{"a": NaN}', "a: a number that is not finite"),
        pytest.param(
            "v.json", '{"a":' + "[" * 200 + "]" * 200 + "}", "nested more than 200 deep", id="levels"
        ),
        ("v.json", '{"a": }', "line 1, column 7: expecting value"),
        pytest.param("v.json", "[" * 100_000, "nested more than 200 deep", id="depth"),
        ("v.toml", "a = ", "line 1, column 5: invalid value"),
        ("v.toml", "a = nan", "a: a number that is not finite"),
        ("v.toml", "a = 9223372036854775808", "a: an integer beyond 64 bits"),
        pytest.param("v.toml", f"a = {'9' * 5000}", "an integer beyond 64 bits", id="toml digits"),
        pytest.param(
            "v.toml", ".".join("a" * 32_000) + " = 1", "line 1, column 401: nested more than", id="dots"
        ),
        pytest.param(
            "v.toml", "x = {" + ".".join("a" * 32_000) + " = 1}", "nested more than", id="inner dots"
        ),
        pytest.param(
            "v.toml", f"[{'.'.join('a' * 32_000)}]", "line 1, column 402: nested more than", id="header"
        ),
        pytest.param(
            "v.toml", "a = " + "[" * 100_000, "line 1, column 204: nested more than", id="toml lists"
        ),
        pytest.param("v.toml", "a = " + "{a = " * 10_000, "nested more than 200 deep", id="toml tables"),
        ("v.json", b"\xff\xfe{", "not UTF-8 at byte 1"),
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
    with pytest.raises(UsageError, match=r"^values file '.*v\.yaml' is not a regular file$"):
        read_values(str(tmp_path / "v.yaml"))


def test_an_equals_sign_is_text() -> None:
    assert read_values(None, ["separator=="]) == {"separator": "="}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.json", '{"a":' + "[" * 199 + "1" + "]" * 199 + "}"),
        ("v.yaml", "a: " + "[" * 199 + "1" + "]" * 199),
        ("v.toml", "a = " + "[" * 199 + "1" + "]" * 199),
        ("v.toml", ".".join("a" * 200) + " = 1"),
    ],
)
def test_the_deepest_values_that_are_taken_reach_lua(tmp_path: Path, name: str, text: str) -> None:
    body = """
        local value, depth = values, 0
        while type(value) == "table" do value, depth = value.a or value[1], depth + 1 end
        print(value, depth)
    """
    assert lines_of(tmp_path, body, values=read_values(write(tmp_path, text, name))) == ["1\t200"]


def test_the_longest_path_of_an_assignment_that_is_taken_reaches_lua(tmp_path: Path) -> None:
    values = read_values(None, [".".join("a" * 200) + "=1"])
    assert lines_of(tmp_path, "print(type(values.a.a))", values=values) == ["table"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml': No such file"):
        read_values(str(tmp_path / "nowhere.yaml"))


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("novalue", "must look like name=value"),
        ("=x", "must look like name=value"),
        ("a..b=x", "must look like name=value"),
        pytest.param("a." * 200 + "a=1", "nested more than 200 deep", id="levels"),
        ("\udcff=1", "not UTF-8 at byte 1"),
        ("é=\udcff", "not UTF-8 at byte 4"),
        ("a=18446744073709551557", "--set 'a=18446744073709551557': an integer beyond 64 bits"),
        ("a=.inf", "--set 'a=.inf': a number that is not finite"),
        ("a=1e999", "--set 'a=1e999': a number that is not finite"),
        ("host.inner=1", "'host' is text, not a table"),
    ],
)
def test_a_bad_assignment_is_one_clear_line(assignment: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        assign({"host": "web1"}, assignment)
    assert complaint in caught.value.message
    assert "\n" not in caught.value.message


@given(st.text(CHARACTERS))
def test_any_text_after_set_is_an_assignment_or_a_usage_error(text: str) -> None:
    values: dict[str, object] = {}
    with suppress(UsageError):
        assign(values, text)
        assert values


def test_tasks_see_values_as_a_table_with_a_walk_in_the_order_of_the_file(tmp_path: Path) -> None:
    body = """
        for name, value in pairs(values) do print(name, value) end
        for name in pairs(values.t) do print(name) end
        print(values.list[2], #values.list, math.type(values.i), math.type(values.f))
        print(values.null == json.null)
        print(values.list[3] == json.null, json.encode(values.list), json.encode(values.t))
        values.t.f, values.t.zz, values.t.aa = nil, 1, 2
        print(json.encode(values.t))
        for name in pairs(values.t) do values.t[name] = nil end
        print(next(values.t), json.encode({b = 1, a = values.t}))
    """
    given_values = {
        "s": "é",
        "i": 1,
        "null": None,
        "f": 1.0,
        "list": [1, "two", None],
        "t": dict.fromkeys("hgf", 1),
    }
    lines = lines_of(tmp_path, body, values=given_values)
    assert [line.split("\t")[0] for line in lines[:6]] == ["s", "i", "null", "f", "list", "t"]
    assert lines[6:] == [
        "h", "g", "f", "two\t3\tinteger\tfloat", "true", 'true\t[1,"two",null]\t{"h":1,"g":1,"f":1}',
        '{"h":1,"g":1,"aa":2,"zz":1}', 'nil\t{"a":{},"b":1}',
    ]  # fmt: skip


def test_without_values_there_is_an_empty_table(tmp_path: Path) -> None:
    assert lines_of(tmp_path, "print(type(values), next(values), values.host)") == ["table\tnil\tnil"]
