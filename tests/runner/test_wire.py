from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.runner.events import (
    KeyChanged,
    KeyRestored,
    Resource,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from sloth_tui.runner.protocol import (
    Note,
    decode,
    decode_lines,
    encode_event,
    encode_note,
    event_to_json,
    public_line,
)
from sloth_tui.runner.public_events import decode_public
from sloth_tui.runner.request import (
    Assignment,
    RecoveryInfo,
    RunRequest,
    decode_assignment,
    encode_assignment,
)
from tests.strategies import CHARACTERS

texts = st.text(CHARACTERS)
scalars = texts | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
tables = st.dictionaries(texts, scalars | st.lists(scalars)) | st.lists(scalars)
values = scalars | st.booleans() | st.binary() | tables | st.none()
events = st.one_of(
    st.builds(RunStarted, texts, texts, texts, st.lists(texts), st.floats(0, 2e9)),
    st.builds(TaskStarted, texts, st.floats(0, 2e9)),
    st.builds(TaskOutput, st.none() | texts, texts, texts),
    st.builds(KeyChanged, st.none() | texts, texts, values, values, st.integers(1), st.booleans()),
    st.builds(
        Resource,
        st.none() | texts,
        texts,
        texts,
        texts,
        st.booleans(),
        st.booleans(),
        st.lists(texts),
        st.none() | texts,
        st.integers(0),
        st.none() | texts,
    ),
    st.builds(KeyRestored, texts, values, values, st.integers(1), st.booleans()),
    st.builds(Warned, st.none() | texts, texts),
    st.builds(TaskFinished, texts, texts, st.floats(0, 1e6), st.integers(0), st.none() | texts, st.none()),
    st.builds(
        RunFinished, texts, texts, st.integers(0, 255), st.floats(0, 1e6), st.none() | texts, st.none()
    ),
)


@given(events)
def test_events_cross_the_channel_as_they_are(event: Any) -> None:
    line = encode_event(event)
    assert line.count(b"\n") == 1
    back = decode(line)
    assert (type(back), repr(back)) == (type(event), repr(event))


def test_bytes_and_tables_that_look_like_them_are_told_apart() -> None:
    event = KeyChanged("t", "k", {"bytes": "aGk="}, b"\xff\0", 1)
    assert decode(encode_event(event)) == event
    assert event_to_json(event) == {
        "event": "key_changed",
        "task": "t",
        "key": "k",
        "old": {"bytes": "aGk="},
        "new": {"base64": "/wA="},
        "revision": 1,
        "shortened": False,
        "secret": False,
        "created": False,
        "deleted": False,
        "predicted": False,
        "host": None,
    }


@pytest.mark.parametrize(
    "value", [None, True, 5, 0.5, "t", b"\xff\x00", {"base64": 5}, {"base64": "no!"}, {"a": [1]}, []]
)
def test_public_lines_are_read_back(value: Any) -> None:
    changed = KeyChanged("t", "k", value, value, 3)
    assert decode_public(public_line(changed)) == changed
    with pytest.raises(ValueError, match="no event"):
        decode_public(b'{"event":"none"}')


@pytest.mark.parametrize(
    "event",
    [
        TaskOutput(None, "print", ""),
        TaskOutput("t", "stdout", 'a "quoted" \\ line\t\x00\x1b\u2028\ud800\U0001f600', "web1", partial=True),
    ],
)
def test_lines_of_output_are_those_of_any_event(event: TaskOutput) -> None:
    document = json.loads(public_line(event))
    assert document == event_to_json(event)
    assert list(document) == list(event_to_json(event))
    assert decode_public(public_line(event)) == event


def test_notes_cross_as_well() -> None:
    assert decode(encode_note("plan", [["a", None, 0]])) == Note("plan", [[["a", None, 0]]])


def test_a_file_name_that_is_no_utf8_crosses() -> None:
    (message,) = decode_lines([encode_event(RunStarted("r", os.fsdecode(b"\xff.lua"), "local", [], 0.0))])
    assert isinstance(message, RunStarted)
    assert os.fsencode(message.file) == b"\xff.lua"


@pytest.mark.parametrize(
    "line", [b"", b"x", b"{}", b"[]", b"5", b'{"event": "task_started"}', b'{"event": "none"}', b"\xff"]
)
def test_lines_of_others_say_nothing(line: bytes) -> None:
    assert list(decode_lines([line])) == []


@pytest.mark.slow
@given(st.dictionaries(texts, tables), st.lists(texts), st.floats(0.1, 9) | st.none(), st.integers(0, 2**63))
def test_assignments_cross_as_they_are(
    given_values: dict[str, Any], tasks: list[str], timeout: float | None, since: int
) -> None:
    request = RunRequest("f.lua", "local", tuple(tasks), given_values, timeout, True)
    recovery = RecoveryInfo(since, 5, None, (("l", "h"),))
    for assignment in (
        Assignment(request, "run", "run"),
        Assignment(request, "run", "recover", {"a": "done"}, {"a": 2}, recovery, True),
    ):
        assert decode_assignment(encode_assignment(assignment)) == assignment
