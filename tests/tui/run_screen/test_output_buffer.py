"""The buffer between the thread that reads events and the screen."""

from __future__ import annotations

import threading

from sloth_tui.runner import events
from sloth_tui.runner.describe import plain_text
from sloth_tui.runner.protocol import encode_event
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.services.run_output.lines import KeyLink, SourceLink
from tests.tui.run_screen.output import add_events


def _out(text: str, *, task: str = "t", host: str | None = None, partial: bool = False) -> bytes:
    return encode_event(events.TaskOutput(task, "stdout", text, host, partial))


def _shown(buffer: OutputBuffer) -> list[str]:
    return [plain_text(line.pieces) + line.text for line in buffer.lines(0, buffer.end)]


def test_lines_come_out_as_they_went_in_with_what_is_told_of_the_run() -> None:
    buffer = OutputBuffer()
    add_events(
        buffer,
        [
            events.RunStarted("1", "/w/file.lua", "local", ["t"], 0.0),
            events.TaskStarted("t", 0.0),
            events.TaskOutput("t", "stdout", "\x1b[31mred"),
            events.TaskOutput("t", "stderr", "beware", "web\x1b1"),
            events.KeyChanged("t", "a/b", None, 1, 5, created=True),
            events.TaskFinished("t", "failed", 0.5, 1, "file.lua:12: no\nmore", None),
            events.RunFinished("1", "failed", 20, 1.0, "task t failed", None),
        ],
    )

    assert _shown(buffer) == [
        "run /w/file.lua on agent local: 1 task",
        "task t",
        "  \x1b[31mred",
        "  web␛1 | ! beware",
        "  changed a/b: absent -> 1",
        "  failed in 0.5s, 1 change: file.lua:12: no␊more",
        "run failed in 1s: 1 failed",
    ]
    links = [line.link for line in buffer.lines(0, buffer.end)]
    assert links == [None, None, None, None, KeyLink("a/b"), SourceLink("file.lua", 12), None]


def test_a_line_that_is_written_anew_stays_in_its_place() -> None:
    buffer = OutputBuffer()
    buffer.add([_out("10 %\r", partial=True), _out("other", host="b"), _out("9 %\r20 %", partial=True)])
    point, _ = buffer.rewritten(0)
    buffer.add([_out("done"), _out("next")])

    assert _shown(buffer) == ["  done", "  b | other", "  next"]
    assert buffer.rewritten(point) == (point + 1, [0])
    assert buffer.rewritten(point + 1) == (point + 1, [])


def test_old_lines_go_and_the_others_keep_their_numbers() -> None:
    buffer = OutputBuffer(max_lines=100)
    buffer.add(_out(f"line {number}") for number in range(1000))

    assert buffer.end == 1000
    assert 0 < buffer.end - buffer.first <= 113
    assert _shown(buffer)[0] == f"  line {buffer.first}"
    assert [line.text for line in buffer.lines(997, 5000)] == ["line 997", "line 998", "line 999"]
    assert buffer.lines(0, 10) == []


def test_an_unfinished_line_that_was_dropped_begins_a_new_one() -> None:
    buffer = OutputBuffer(max_lines=10)
    buffer.add([_out("half", partial=True), *(_out(f"{n}", host="b") for n in range(50))])
    buffer.add([_out("whole")])

    assert _shown(buffer)[-1] == "  whole"
    assert _shown(buffer)[-2] == "  b | 49"


def test_long_lines_are_bounded_in_bytes() -> None:
    buffer = OutputBuffer(max_bytes=1024 * 1024)
    buffer.add(_out("x" * 60_000) for _ in range(200))

    assert buffer.end == 200
    assert sum(len(line.text) for line in buffer.lines(0, 200)) <= 1.125 * 1024 * 1024


def test_what_is_no_event_is_left_out() -> None:
    buffer = OutputBuffer()
    lines = [
        b"",
        b"\n",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b'["done"]',
        b'{"event":"later"}',
        b"\xff\xfe",
        b'{"event"',
    ]
    buffer.add([*lines, b'{"event":"task_output",broken', _out("kept")])

    assert _shown(buffer)[-1] == "  kept"


def test_changes_are_told_once_with_first_and_last_value() -> None:
    buffer = OutputBuffer(lambda key: "token" in key)
    add_events(
        buffer,
        [
            events.KeyChanged("t", "a", None, 1, 1, created=True),
            events.KeyChanged("t", "a", 1, "two\x1b", 2),
            events.KeyChanged("t", "token", "hidden", "too", 3),
            events.Resource("t", "web1", "file", "/etc/x", True, False, ["content", "mode 0600 -> 0644"]),
            events.Resource("t", "web1", "file", "/etc/y", False, False, []),
            events.KeyRestored("token", "too", "hidden", 4),
        ],
    )
    found, unlisted = buffer.changes()

    assert [(one.kind, one.name, one.old, one.new, one.times, one.taken_back) for one in found] == [
        ("key", "a", "absent", '"two\\u001b"', 2, False),
        ("key", "token", "(secret)", "(secret)", 1, True),
        ("file", "/etc/x", "", "content, mode 0600 -> 0644", 1, False),
    ]
    assert unlisted == 0


def test_threads_may_add_while_another_reads() -> None:
    buffer = OutputBuffer(max_lines=500)

    def add(host: str) -> None:
        for number in range(200):
            buffer.add([_out(f"{number}", host=host), _out(f"{number} %", host=host, partial=True)])

    threads = [threading.Thread(target=add, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(buffer.lines(buffer.first, buffer.end)) <= 600
    assert buffer.end >= 400


def test_a_line_that_a_killed_command_left_unfinished_stays() -> None:
    buffer = OutputBuffer()
    buffer.add([_out("half", partial=True)])
    add_events(
        buffer, [events.TaskFinished("t", "timeout", 1.0, 0, None, None), events.TaskStarted("t", 0.0)]
    )
    buffer.add([_out("whole")])

    assert _shown(buffer) == ["  half", "  timeout in 1s", "task t", "  whole"]
