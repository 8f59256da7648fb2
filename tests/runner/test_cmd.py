from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskOutput
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from tests.runner.support import Told, errors_of, lines_of, run_task, run_text, within_limits, write
from tests.workers import descendants

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def outputs(told: Told) -> list[tuple[str, str]]:
    return [(event.stream, event.text) for event in told.of(TaskOutput)]


def test_result_of_a_command(tmp_path: Path) -> None:
    body = r"""
        local r = cmd({command = "printf 'out\\n'; printf 'err\\n' >&2"})
        print(json.encode(r))
        r = cmd({command = "echo partly; exit 3", check = false})
        print(r.exit_code, r.success, r.stdout)
        cmd("kill -9 $$; true")
    """
    told = run_task(tmp_path, body)
    shown = [text for stream, text in outputs(told) if stream == "print"]
    assert shown[0] == (
        '{"changed":true,"cut":false,"exit_code":0,"predicted":false,"skipped":false,'
        '"stderr":"err\\n","stdout":"out\\n","success":true}'
    )
    assert shown[1:] == ["3\tfalse\tpartly", ""]
    assert told.errors["only"] == ("tasks.lua:7: cmd: 'kill -9 $$; true' ended with exit code 137")


def test_both_outputs_stream_in_the_order_they_are_written(tmp_path: Path) -> None:
    script = (
        "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done; printf a >&2; printf b; printf c >&2"
    )
    told = run_task(tmp_path, f'cmd("{script}")')
    expected = [(f"std{s}", f"{s[0]}{i}") for i in range(1, 10) for s in ("out", "err")]
    assert outputs(told)[:18] == expected
    assert outputs(told)[18:] == [("stdout", "b"), ("stderr", "ac")]


def test_output_arrives_while_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(
        tmp_path, 'task({name = "a", run = function() cmd("echo first; read x < fifo; echo $x") end})'
    )
    os.mkfifo(tmp_path / "fifo")
    seen = []
    for event in Supervisor(RunRequest(path, "local", timeout=60.0)).events():
        if isinstance(event, TaskOutput):
            seen.append(event.text)
            if event.text == "first":
                (tmp_path / "fifo").write_text("second\n")
    assert seen == ["first", "second"]


def test_input_environment_and_directory(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    body = f"""
        local r = cmd({{command = "cat; echo $GREETING $N; pwd", stdin = "in\\255put\\n",
                       cwd = "{tmp_path}/sub", env = {{GREETING = "hi there", N = 5}}}})
        print(#r.stdout, r.stdout:byte(3))
    """
    *shown, result = lines_of(tmp_path, body)
    assert shown == ["in\\xffput", "hi there 5", f"{tmp_path}/sub"]
    assert result == f"{len('in.put') + 1 + 11 + len(str(tmp_path)) + 5}\t255"


def test_without_input_there_is_none(tmp_path: Path) -> None:
    assert lines_of(tmp_path, 'print(cmd("wc -c").stdout)')[0].strip() == "0"


def test_large_input_and_output(tmp_path: Path) -> None:
    body = """
        local r = cmd({command = "cat", stdin = ("0123456789abcde\\n"):rep(200000)})
        print(#r.stdout, r.cut)
        r = cmd({command = "true", stdin = ("x"):rep(1000000)})
        print(r.success)
        r = cmd({command = "head -c 20000000 /dev/zero | tr '\\\\0' x"})
        print(#r.stdout, r.cut)
    """
    told = run_task(tmp_path, body, output_limit=1000)
    assert told.end.result == "done", told.errors
    assert told.lines[-3:] != []
    (warning,) = told.warnings
    assert "bytes cut" in warning


def test_binary_output_is_exact_in_the_result(tmp_path: Path) -> None:
    body = r"""
        local r = cmd("printf '\\000\\377\\n\\033[31m'")
        print(#r.stdout, r.stdout == "\0\255\n\27[31m")
    """
    assert lines_of(tmp_path, body)[-1] == "8\ttrue"


WRONG = [
    ("cmd('exit 3')", "cmd: 'exit 3' ended with exit code 3"),
    (
        "cmd('echo why >&2; echo; exit 4')",
        "cmd: 'echo why >&2; echo; exit 4' ended with exit code 4: why",
    ),
    ("cmd('nosuchcommand')", "cmd: 'nosuchcommand' ended with exit code 127: "),
    ("cmd({command = 'sleep 9', timeout = 0.1})", "cmd: 'sleep 9' took longer than 0.1s"),
    ("cmd({})", "cmd: command must be a string, got nil"),
    ("cmd()", "cmd: needs a table of fields, got nil"),
    ("cmd({command = 'ls', timeout = -1})", "cmd: timeout must be more than 0 seconds"),
    ("cmd({command = 'ls', timeout = 1/0})", "cmd: timeout must be more than 0 seconds, and finite"),
    (
        "cmd({command = 'ls', shell = true})",
        "cmd: unknown field 'shell'; there are: changed, check, command,",
    ),
    ("cmd({command = 'ls', env = {'x'}})", "cmd: env must have names, got a number"),
    ("cmd({command = 'ls', env = {X = {}}})", "cmd: env.X must be a string or a number, got table"),
    ("cmd({command = 'ls', env = {['A=B'] = 'x'}})", "cmd: env: 'A=B' cannot be set"),
    (
        "local e = {} for n = 1, 60000 do e['v' .. n] = n end cmd({command = 'ls', env = e})",
        "cmd: env must not have more than 10000 names",
    ),
    ("cmd({command = 'ls', cwd = '/nowhere'})", "cmd: cwd '/nowhere' is not a directory"),
    ("cmd('a\\0b')", "cmd: command must not contain NUL"),
    ("cmd({command = 'ls', delegate_to = '-x'})", "cmd: '-x' is not a destination of ssh"),
]
"""Calls, and how their messages begin."""


def test_what_goes_wrong_is_named(tmp_path: Path) -> None:
    errors = errors_of(tmp_path, [call for call, _ in WRONG])
    for (call, message), error in zip(WRONG, errors, strict=True):
        assert (error or "").startswith(message), (call, error)


@pytest.mark.parametrize("target", ["nil", "'local'", "'localhost'"])
def test_targets_that_are_this_machine(tmp_path: Path, target: str) -> None:
    text = f"""
        task({{name = "a", delegate_to = {target}, run = function() print(cmd("echo hi").success) end}})
        task({{name = "b", delegate_to = "-elsewhere", run = function()
            print(cmd({{command = "echo hi", delegate_to = "local"}}).success)
        end}})
        task({{name = "c", delegate_to = "-elsewhere", run = function() file.write("x", "y") end}})
    """
    told = run_text(tmp_path, text)
    assert told.results == {"a": "done", "b": "done", "c": "failed"}
    assert "file.write: '-elsewhere' is not a destination of ssh" in told.errors["c"]


def test_a_commands_limit_ends_all_of_its_process_group(tmp_path: Path) -> None:
    body = """
        print(pcall(cmd, {command = "echo $$; sleep 99 & sleep 99", timeout = @}))
        print(cmd("echo on").success)
    """
    lines = within_limits(
        lambda seconds: lines_of(tmp_path, body.replace("@", seconds)), lambda lines: lines[0].isdigit()
    )
    assert lines[-2:] == ["on", "true"]
    with pytest.raises(ProcessLookupError):
        os.killpg(int(lines[0]), 0)


def test_children_left_behind_go_on_until_the_run_ends(tmp_path: Path) -> None:
    body = f"""
        local r = cmd("(while :; do echo x; sleep 0.01; done) & echo $!")
        print(cmd("kill -0 " .. r.stdout:match("%d+")).success)
        cmd("setsid sleep 98 > {tmp_path}/out 2>&1 &")
    """
    told = run_task(tmp_path, body)
    assert told.end.result == "done", told.errors
    assert "true" in told.lines
    (warning,) = told.warnings
    assert "left by commands" in warning
    assert descendants() == []


def test_many_commands_may_leave_children_behind(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'for _ = 1, 60 do cmd("sleep 97 &") end print("all")')
    assert told.lines == ["all"], told.errors
    assert told.warnings == ["60 processes left by commands were ended"]


def test_stop_gives_commands_a_chance_and_then_kills_them(tmp_path: Path) -> None:
    body = f"""
        cmd("trap 'echo stopped > {tmp_path}/note; exit' TERM; echo ready; while :; do sleep 0.01; done")
    """
    path = write(tmp_path, f'task({{name = "a", run = function() {body} end}})')
    supervisor = Supervisor(RunRequest(path, "local"))
    for event in supervisor.events():
        if isinstance(event, TaskOutput):
            supervisor.stop(signal.SIGTERM)
    assert (tmp_path / "note").read_text() == "stopped\n"


def test_commands_are_free_of_the_workers_memory_limit(tmp_path: Path) -> None:
    assert lines_of(tmp_path, 'print(cmd("ulimit -S -v").stdout)')[0] == "unlimited"


def test_changes_are_told_before_a_command_runs(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'state.set("a", 1) cmd("echo after")')
    kinds = [type(event).__name__ for event in told.events]
    assert kinds.index("KeyChanged") < kinds.index("TaskOutput")


def test_more_processes_than_any_task_needs_end_the_run(tmp_path: Path) -> None:
    body = """
        cmd("mkfifo never; i=0; while [ $i -lt 3000 ]; do (read x < never) & i=$((i+1)); done; wait")
    """
    told = run_task(tmp_path, body, timeout=60)
    assert told.errors["only"] == "killed: its commands had more than 1,000 processes at once"
    assert told.end.exit_code == 20
    assert descendants() == []


def test_a_line_that_is_not_at_its_end_is_passed_on_if_that_is_asked_for(tmp_path: Path) -> None:
    fifos = [tmp_path / "1", tmp_path / "2"]
    for fifo in fifos:
        os.mkfifo(fifo)
    script = (
        r"printf 'one\\r\\033[K10 \\342\\202'; read x < 1; printf '\\254\\r'; read x < 2;"
        r" printf 'end\\n'"
    )
    path = write(tmp_path, f'task({{name = "a", run = function() cmd("cd {tmp_path}; {script}") end}})')
    seen: list[tuple[str, bool]] = []
    for event in Supervisor(RunRequest(path, "local", timeout=60.0, redraws=True)).events():
        if isinstance(event, TaskOutput):
            seen.append((event.text, event.partial))
            if event.partial:
                fifos.pop(0).write_text("\n")
    assert seen == [
        ("\x1b[K10 ", True),
        ("\x1b[K10 €", True),
        ("one\r\x1b[K10 €\rend", False),
    ]


def test_redrawn_lines_do_not_multiply_the_output(tmp_path: Path) -> None:
    script = "i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); printf .; done; echo; printf 'a\\r%s' end"
    path = write(tmp_path, f'task({{name = "a", run = function() cmd([[{script}]]) end}})')
    texts = {False: list[str](), True: list[str]()}
    for event in Supervisor(RunRequest(path, "local", redraws=True)).events():
        if isinstance(event, TaskOutput):
            texts[event.partial].append(event.text)
    assert texts[False] == ["." * 3000, "a\rend"]
    assert sum(map(len, texts[True])) <= 64 * 1024 + 4 * 3000
    assert all(len(text) <= 1000 for text in texts[True])


def test_of_a_long_progress_display_the_last_state_stays(tmp_path: Path) -> None:
    script = (
        "i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); printf 'step %s of a long progress display\\r' $i; done"
    )
    assert lines_of(tmp_path, f"cmd([[{script}]])")[-1].endswith("step 3000 of a long progress display\r")
