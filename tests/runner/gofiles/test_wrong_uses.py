"""Wrong uses of the Go program's forms: each is told in one line, with its place, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import TaskFileError
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.listing import list_tasks
from tests.runner.support import errors_of, run_text, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

T = "task('t')"
W = "workflow.define('w' .. LINE)"
CALLS = [
    # (a call while the file is loaded, what is said of it)
    (f"{T}:async(true)", "task 't': async: tasks run one after the other;"),
    (f"{T}:artifacts({{'a'}})", "task 't': there is no :artifacts() here; nothing collects files;"),
    (f"{T}:consumes({{'a'}})", "task 't': there is no :consumes() here; nothing hands files over;"),
    (f"{T}:on_timeout(print)", "task 't': there is no :on_timeout() here; a task that takes too long"),
    (f"{T}:retry(3)", "task 't': there is no :retry() here; use :retries(N, delay)"),
    (f"{T}:condition(print)", "task 't': there is no :condition() here; use :run_if(function)"),
    (f"{T}:env({{}})", "task 't': there is no :env() here; give env to the commands"),
    (f"{T}:descripton('x')", "task 't': there is no :descripton() here; did you mean 'description'?"),
    (f"{T}:teleport('x')", "task 't': there is no :teleport() here; there are: abort_if, async, build,"),
    (f"{T}:description(1)", "task 't': description needs a string, got number"),
    (f"{T}:command(nil)", "task 't': command needs a function or string, got nil"),
    (f"{T}:command('a'):shell('b')", "task 't': command is given twice"),
    (f"{T}:shell(print)", "task 't': shell needs a string, got function"),
    (f"{T}:run()", "task 't': run needs a function; a task cannot be run while the file is loaded"),
    (f"{T}:timeout('soon')", "task 't': timeout: 'soon' is no duration; write one like \"90s\""),
    (f"{T}:timeout('5')", "task 't': timeout: '5' is no duration;"),
    (f"{T}:timeout(0)", "task 't': timeout: must be more than 0 seconds"),
    (f"{T}:timeout({{}})", "task 't': timeout: needs a duration like \"5m\", or seconds, got table"),
    (f"{T}:retries(-1)", "task 't': retries needs a whole number from 0 to 1000"),
    (f"{T}:retries(1.5)", "task 't': retries needs a whole number from 0 to 1000"),
    (f"{T}:retries(3, 'often')", "task 't': retries: delay: 'often' is no duration;"),
    (f"{T}:depends_on(5)", "task 't': depends_on needs names of tasks, or tasks; 1 is a number"),
    (
        f"{T}:depends_on({{'a', nil, 'b'}})",
        "task 't': depends_on: entry 2 is nil: is its name written as above?",
    ),
    (
        f"{T}:delegate_to(values.nowhere)",
        "task 't': delegate_to needs the name of a host, got nil; if it comes",
    ),
    (f"{T}:delegate_to({{address = 'x'}})", "task 't': delegate_to: an agent's address is not known here;"),
    (f"{T}:on_success('x')", "task 't': on_success needs a function, got string"),
    (f"{T}.build()", "task: call :build() with a colon"),
    (f"{W}:tasks({{5}})", "workflow 'wLINE': tasks: 1 is no task, but a number"),
    (f"{W}:tasks({{{T}, nil, {T}}})", "workflow 'wLINE': tasks: entry 2 is nil"),
    (f"{W}:tasks({{{T}, a = {T}}})", "workflow 'wLINE': tasks: needs either a list, or names and tasks"),
    (f"{W}:tasks({{{{command = 'x'}}}})", "workflow 'wLINE': a task in its list has no name"),
    (f"{W}:tasks({{a = {{comand = 'x'}}}})", "task 'a': unknown field 'comand'; did you mean 'command'?"),
    (f"{W}:tasks({{a = {{async = true}}}})", "task 'a': async: tasks run one after the other;"),
    (
        f"{W}:tasks({{a = {{artifacts = {{}}}}}})",
        "task 'a': unknown field 'artifacts': nothing collects files;",
    ),
    (f"{W}:config({{parallel = true}})", "workflow 'wLINE': parallel: its tasks run one after the other;"),
    (
        f"{W}:config({{timout = '5m'}})",
        "workflow 'wLINE': config: unknown field 'timout'; did you mean 'timeout'?",
    ),
    (f"{W}:config({{max_parallel_tasks = 0}})", "workflow 'wLINE': max_parallel_tasks must be 1 or more"),
    (
        f"{W}:config({{max_retries = 'x'}})",
        "workflow 'wLINE': max_retries needs a whole number from 0 to 1000",
    ),
    (
        f"{W}:config({{on_task_failure = 'x'}})",
        "workflow 'wLINE': on_task_failure must be 'stop' or 'continue'",
    ),
    (f"{W}:on_complete('x')", "workflow 'wLINE': on_complete needs a function, got string"),
    (f"{W}:rollback_on_failure()", "workflow 'wLINE': there is no 'rollback_on_failure' here; run with"),
    (f"{W}:taskz({{}})", "workflow 'wLINE': there is no 'taskz' here; did you mean 'tasks'?"),
    ("workflow.define('same') workflow('same')", "workflow 'same' is defined twice, first at tasks.lua:LINE"),
    ("task('')", "task: name must not be empty"),
    ("workflow.define()", "workflow: needs a name, got nil"),
    ("workflow.parallel({})", "workflow.parallel is not in this program; tasks of a workflow run"),
    ("values(5)", "values: needs a table of names and values, got number"),
    ("stack()", "stack: needs a name, got nil"),
    ("stack.set_output('x', 1)", "stack.set_output is not in this program; use state.set and state.get"),
    ("require('goroutine')", "require: there is no module 'goroutine' in this program; tasks run one after"),
]


def test_a_wrong_call_says_where_and_what_to_do(tmp_path: Path) -> None:
    calls = [
        f"print(select(2, pcall(function() {call.replace('LINE', str(n))} end)))"
        for n, (call, _) in enumerate(CALLS, 1)
    ]
    told = run_text(tmp_path, "\n".join(calls) + "\ntask({name = 'right', run = function() end})")
    said = [
        f"tasks.lua:{line}: {words}".replace("LINE", str(line)) for line, (_, words) in enumerate(CALLS, 1)
    ]
    assert [line[: len(start)] for line, start in zip(told.lines, said, strict=True)] == said


IN_TASKS = [
    # (body of a task, what is said of it)
    (
        "watcher.register.file({})",
        "attempt to index a nil value (global 'watcher'): there is no module 'watcher'",
    ),
    (
        "incus.instance({})",
        "attempt to index a nil value (global 'incus'): there is no module 'incus' in this",
    ),
    (
        "os.execute('true')",
        "attempt to call a nil value (field 'execute'): os.execute is not in this program; use cmd",
    ),
    (
        "io.open('x')",
        "attempt to index a nil value (global 'io'): there is no module 'io' in this program; read and",
    ),
    (
        "stow.stow({})",
        "attempt to index a nil value (global 'stow'): there is no module 'stow' in this program; use",
    ),
    ("local _ = no_such_name.x", "attempt to index a nil value (global 'no_such_name')"),
    ("exec.run(5)", "exec.run: command must be a string, got number"),
    (
        "exec.run('x', {shell = 'bash'})",
        "exec.run: unknown field 'shell'; there are: creates, cwd, delegate_to, dir,",
    ),
    ("exec.run('x', {timeout = 'x'})", "exec.run: timeout: 'x' is no duration;"),
    ("exec.ssh('x')", "exec.ssh is not in this program; use exec.run, or cmd"),
    ("file_ops.unarchive({})", 'file_ops.unarchive is not in this program; use cmd({command = "tar xf ...",'),
    ("file_ops.copy({src = 'x'})", "file_ops.copy: dest must be a string, got nil"),
    (
        "file_ops.copy({source = 'x'})",
        "file_ops.copy: unknown field 'source'; there are: backup, delegate_to, dest,",
    ),
    (
        "file_ops.lineinfile({path = 'x', line = 'x', regexp = '(a|b)'})",
        "file_ops.lineinfile: regexp: '(a|b)' is no",
    ),
    (
        "file_ops.lineinfile({path = 'x', line = 'x', regexp = '^y'})",
        "file_ops.lineinfile: regexp does not match",
    ),
    (
        "file_ops.lineinfile({path = 'x', line = 'x', state = 'gone'})",
        "file_ops.lineinfile: state must be 'present'",
    ),
    ("fs.ls('/')", 'fs.ls is not in this program; use cmd("ls DIRECTORY").stdout'),
    ("fs.read()", "fs.read: needs a path, got nil"),
    ("fs.write('x')", "fs.write: content must be a string, got nil"),
    ("pkg.search('x')", "pkg.search is not in this program; use cmd with the host's own tool"),
    ("pkg.install()", "pkg.install: needs names of packages, got nil"),
    ("pkg.install({packages = {1}})", "pkg.install: packages must be a list of names; field 1 is a number"),
    (
        "systemd.create_service('x', {})",
        "systemd.create_service is not in this program; write the unit with file.write",
    ),
    ("systemd.start('a b')", "systemd.start: needs the name of a unit"),
    ("user.create('x', {password = 'p'})", "user.create: a password is not set here; use cmd({command"),
    ("user.create('x', {shel = 'p'})", "user.create: unknown field 'shel'; there are: comment, create_home,"),
    (
        "user.set_password('x', 'y')",
        'user.set_password is not in this program; use cmd({command = "chpasswd"',
    ),
    ("data.parse_yaml('x')", "data.parse_yaml is not in this program; there is json.encode and json.decode;"),
    ("state.stats()", "state.stats is not in this program; call sloth-runner state stats"),
    ("state.clear('a?b*')", "state.clear: 'a?b*': only an asterisk at the end is known"),
    ("state.list_push('k')", "state.list_push: item must not be nil"),
    ("state.set('k', 'x') state.list_push('k', 1)", "state.list_push: the value of 'k' is a string"),
    ("state.unlock('nobodys')", "state.unlock: lock 'nobodys' lost: it is not held"),
    ("task('late')", "task: tasks are defined while the file is loaded, not while one runs"),
    ("workflow.define('late')", "task: tasks are defined while the file is loaded, not while one runs"),
]


def test_a_wrong_call_of_a_task_fails_it_with_its_line(tmp_path: Path) -> None:
    found = errors_of(tmp_path, [body for body, _ in IN_TASKS])
    assert [(error or "")[: len(start)] for error, (_, start) in zip(found, IN_TASKS, strict=True)] == [
        start for _, start in IN_TASKS
    ]


FILES = [
    # (a file, what is said of it)
    (
        "task('t'):command('x'):build()\ntask({name = 'a\\nb', run = print})",
        "tasks.lua:2: task: name must be one line of text",
    ),
    ("\nworkflow.define('w')", "tasks.lua:2: workflow 'w' has no tasks"),
    ("\n\ntask('t'):build()", "tasks.lua:3: task 't' has no :command(...), and depends on nothing"),
    ("workflow('w'):tasks({'gone'})", "tasks.lua:1: workflow 'w': no task is called 'gone'"),
    (
        "task('a'):depends_on('b'):command('x'):build()",
        "tasks.lua:1: task 'a' depends on 'b', which is not defined",
    ),
    (
        "\ntask('t'):command('x'):build()\ntask({name = 't', run = print})",
        "tasks.lua:3: task 't' is defined twice, first at tasks.lua:2",
    ),
    (
        "task('t'):delegate_to(function() end):command('x'):build()",
        "tasks.lua:1: task 't': the function of delegate_to returned nil, and no name of a host",
    ),
    (
        "task('t'):delegate_to('${values.no}'):command('x'):build()",
        "tasks.lua:1: delegate_to: values.no is nil; give it with --values or --set",
    ),
    (
        "watcher.start()",
        "tasks.lua:1: attempt to index a nil value (global 'watcher'): there is no module 'watcher'",
    ),
]


@pytest.mark.parametrize(("text", "words"), FILES)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TaskFileError) as caught:
        list_tasks(RunRequest(write(tmp_path, text), "local"))
    assert caught.value.message.startswith(words)
