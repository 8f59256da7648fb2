"""The command line of a form: shown, and pasted into shells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.settings import DEFAULT_SECRET_SEGMENTS, Settings
from sloth_tui.tui.run_screen.files.form.command_line import Target, copied_line, shown_line
from sloth_tui.tui.run_screen.files.form.fields import (
    Assignment,
    Field,
    as_typed,
    assignment,
    fields_of,
    parse_typed,
    value_at,
)
from sloth_tui.tui.run_screen.files.form.state import FormState
from sloth_tui.tui.services.task_files import RunForm, make_request, parse_yaml, read_form_values
from tests.support import sweep
from tests.tui.state import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

HERE = Target("local", None)
WORDS = DEFAULT_SECRET_SEGMENTS
SHELLS = sweep(("bash", "dash", "zsh"), ("bash",))


def _pasted(line: str, tmp_path: Path, shell: str, **environment: str) -> tuple[list[str], str]:
    """Return the words that sloth-runner gets, and what the shell complains."""
    program = tmp_path / "bin" / "sloth-runner"
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        [shell],
        input=line.encode("utf-8", "surrogateescape") + b"\n",
        capture_output=True,
        env={"PATH": path, "LC_ALL": "C.UTF-8", **environment},
    )
    words = ended.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return words, ended.stderr.decode()


def _full_form() -> RunForm:
    return RunForm(
        "ops/deploy it.lua",
        None,
        "my values.yaml",
        sets=("n=1", "-odd=2"),
        texts=("s=it's", "db.password=hunter2"),
        documents=('l=["a b", 1]', 'api={"token": "tok"}'),
        tasks=("build all", "-x"),
        workflow="wf",
        timeout=1.5,
        grace=3,
        forks=2,
        keep_going=True,
        force=True,
    )


def test_secrets_are_masked_on_screen() -> None:
    line = shown_line(_full_form(), Target("web", "etcd://h/p"), ("--check",), WORDS)
    assert line == (
        "sloth-runner run 'ops/deploy it.lua' --agent web --store etcd://h/p --values 'my values.yaml'"
        " --workflow wf --task 'build all' --task=-x --set n=1 --set=-odd=2 --set-string 's=it'\"'\"'s'"
        " --set-string db.password=•••••••• --set-json 'l=[\"a b\", 1]' --set-json api=••••••••"
        " --timeout 1.5 --grace 3 --forks 2 --keep-going --force --check"
    )


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_pasted_line_means_the_form_and_wants_its_secrets_first(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    line = copied_line(_full_form(), HERE, (), WORDS)
    assert "hunter2" not in line.text
    assert "tok" not in line.text.replace("sloth-runner", "")
    assert line.variables == ("DB_PASSWORD", "API")
    words, complaint = _pasted(line.text, tmp_path, shell)
    assert words == []
    assert "DB_PASSWORD" in complaint
    words, complaint = _pasted(line.text, tmp_path, shell, DB_PASSWORD="hunter2", API='{"token": "tok"}')
    assert complaint == ""
    assert words == [
        *("run", "ops/deploy it.lua", "--agent", "local", "--values", "my values.yaml", "--workflow", "wf"),
        *("--task", "build all", "--task=-x", "--set", "n=1", "--set=-odd=2", "--set-string", "s=it's"),
        *("--set-string", "db.password=hunter2", "--set-json", 'l=["a b", 1]'),
        *("--set-json", 'api={"token": "tok"}', "--timeout", "1.5", "--grace", "3", "--forks", "2"),
        *("--keep-going", "--force"),
    ]


@pytest.mark.slow
def test_hostile_names_and_values_come_out_of_a_shell_as_they_were(tmp_path: Path) -> None:
    texts = [*HOSTILE, "\udcff\udc80.lua", "a\\'b"]
    form = RunForm("x.lua", tasks=tuple(texts), texts=tuple(f"v={text}" for text in texts))
    line = copied_line(form, HERE, (), WORDS).text
    assert line.isprintable()
    words, complaint = _pasted(line, tmp_path, "bash")
    assert complaint == ""
    rest = [word.removeprefix("--task=") for word in words[4:] if word not in ("--task", "--set-string")]
    assert rest == [*texts, *(f"v={text}" for text in texts)]


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(SlothError, match="too long for a command line"):
        copied_line(RunForm("x.lua", texts=("v=" + "a" * 200_000,)), HERE, (), WORDS)


@pytest.mark.parametrize(
    "value",
    [
        1,
        -2.5,
        1e300,
        True,
        None,
        "",
        "abc",
        "5",
        "true",
        "null",
        "007",
        "a=b #c",
        "two\nlines",
        [],
        {},
        [1, "1"],
        {"a": [None, {"b.c": "ü"}]},
        "18446744073709551557",
        ".nan",
    ],
)
def test_every_value_can_be_set_and_typed(value: object) -> None:
    one = assignment(("a", "b"), value)
    state = FormState("x.lua")
    state.lines = [one]
    values = read_form_values(state.form())
    assert values.problem == ""
    found = value_at(values.result, ("a", "b"))
    assert (found, type(found)) == (value, type(value))
    field = Field(("a",), value)
    assert parse_typed(field.kind, as_typed(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        {"x": {"y": [1, [2, {"z": "no"}], []]}, "w": {}},
        ["- a", "a: b", "#", "'q'", "0x1F", " s ", "é", "on", "-"],
        [[["deep"]]],
        {"": "", "a b": "c", "1": 1},
    ],
)
def test_lists_and_tables_are_typed_as_yaml(value: object) -> None:
    assert parse_yaml(as_typed(value)) == value


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("number", "abc", "must be a number; this is text"),
        ("number", "007", "must be a number; this is text"),
        ("number", "", "must be a number; this is text"),
        ("number", "99999999999999999999", "an integer beyond 64 bits"),
        ("boolean", "yes", "must be true or false; this is text"),
        ("list", "a: 1", "must be YAML, a list; this is a table"),
        ("list", "[1,", "line 2, column 1"),
        ("table", "- 1", "must be YAML, names and values; this is a list"),
    ],
)
def test_what_does_not_fit_a_field_is_refused_in_words(kind: str, text: str, problem: str) -> None:
    with pytest.raises(SlothError, match=problem.replace("(", r"\(")):
        parse_typed(kind, text)


def test_fields_are_what_set_can_name() -> None:
    values: dict[str, object] = {"a": {"b": {"c": 1}, "l": [1]}, "odd": {"x.y": 1}, "e": {}, "t.u": 1}
    assert [(field.name, field.kind, field.settable) for field in fields_of(values)] == [
        ("a.b.c", "number", True),
        ("a.l", "list", True),
        ("odd", "table", True),
        ("e", "table", True),
        ("t.u", "number", False),
    ]


def test_what_is_remembered_comes_back_without_secrets(tmp_path: Path) -> None:
    state = FormState("x.lua")
    state.values_file, state.values_chosen = str(tmp_path / "v.yaml"), True
    state.edits = {
        ("a", "b"): Assignment("--set", "a.b=1"),
        ("password",): Assignment("--set", "password=hunter2"),
    }
    state.lines = [Assignment("--set-json", 'x={"token": "tok"}'), Assignment("--set-string", "y=2")]
    state.tasks, state.workflow = ["t"], "w"
    state.numbers, state.switches = {"timeout": 5.0}, {"force"}
    kept = state.remembered(WORDS)
    assert "hunter2" not in json.dumps(kept)
    assert "tok" not in json.dumps(kept)
    assert kept is not None
    again = FormState("x.lua")
    again.recall(json.loads(json.dumps(kept)))
    expected = state.form()._replace(sets=("a.b=1",), documents=())
    assert again.form() == expected


@pytest.mark.parametrize(
    "kept",
    [
        {
            "edits": 1,
            "lines": [["--set"], ["--rm", "a=1"], ["--set", 5], "x", ["--set", "noequals"]],
            "tasks": {},
        },
        {
            "numbers": {"timeout": -1, "grace": True, "other": 1},
            "switches": ["rm"],
            "workflow": 1,
            "values_file": 7,
        },
    ],
)
def test_a_foreign_memory_is_ignored(kept: dict[str, object]) -> None:
    state = FormState("x.lua")
    state.recall(kept)
    assert state.form() == FormState("x.lua").form()


def test_the_request_is_that_of_headless_run(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text('{"a": {"b": 1}, "keep": true}')
    form = RunForm("x.lua", "deploy", str(tmp_path / "v.json"), ("a.b=2",), ("c=3",), ("d=[1]",), forks=2)
    request = make_request(form, "web", Settings(grace=7.0), check=True, diff=True)
    assert request.values == {"a": {"b": 2}, "keep": True, "c": "3", "d": [1]}
    assert (request.agent, request.grace, request.forks, request.check, request.diff) == (
        "web",
        7.0,
        2,
        True,
        True,
    )
    assert request.title == "run --example deploy"
