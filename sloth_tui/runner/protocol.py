"""Events as JSON, and the lines that travel from a worker to its supervisor.

A line is an object, which is an event, or an array ``[name, ...]``, which is a note: only these two processes
see it. Values keep their exact type here. For other programs (``-o jsonl``) :func:`event_to_json` writes
bytes as ``{"base64": "..."}``.
"""

from __future__ import annotations

import binascii
import json
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sloth_tui.runner import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent

_quoted = json.encoder.encode_basestring
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WITH_VALUES = (events.KeyChanged, events.KeyRestored)
"""The kinds whose ``old`` and ``new`` are values, which JSON cannot always hold."""
_NAMES = {kind: name for name, kind in events.KINDS.items()}


class Note(NamedTuple):
    """A message of the worker to the supervisor alone.

    ``started`` (pid of the process that runs Lua), ``plan`` (a list of [name, timeout, retries, workflow,
    timeout of that]; a list of [name, dependencies, hosts, despite_failures], empty unless a task has several
    hosts), ``listed`` (tasks, field by field),
    ``store`` (revision before the run's first change), ``attempt`` (task, number), ``acquired`` (name,
    holder) and ``released`` (name) of a lock of with_lock, ``done``, ``unusable`` (message, hint, exit code,
    Lua traceback), ``crashed`` (Python traceback), ``asked`` (how many processes were, seconds they have),
    ``crowded`` (more than that, in words), ``ended`` (wait status of the process that ran Lua, number of
    processes it left).
    """

    name: str
    details: list[object]


Message: TypeAlias = "RunEvent | Note"


def event_name(event: RunEvent) -> str:
    """Return the name of the event's kind: ``task_started`` for a TaskStarted."""
    return _NAMES[type(event)]


def event_to_json(event: RunEvent) -> dict[str, object]:
    """Return the event as other programs read it: ``event`` first, then its fields."""
    fields = event._asdict()
    if isinstance(event, _WITH_VALUES):
        fields["old"], fields["new"] = _public(event.old), _public(event.new)
    return {"event": event_name(event), **fields}


def public_line(event: RunEvent) -> bytes:
    """Return the event as a line of JSON, as other programs read it. It begins with ``{"event":"NAME",``."""
    if type(event) is events.TaskOutput:
        return _output_line(event)
    return _line(event_to_json(event))


def _output_line(event: events.TaskOutput) -> bytes:
    """Return what the encoder would, in a third of the time: most of what a run tells is output."""
    task = "null" if event.task is None else _quoted(event.task)
    host = "null" if event.host is None else _quoted(event.host)
    line = (
        f'{{"event":"task_output","task":{task},"stream":{_quoted(event.stream)},'
        f'"text":{_quoted(event.text)},"host":{host},"partial":{"true" if event.partial else "false"}}}\n'
    )
    return line.encode("utf-8", "backslashreplace")


def _public(value: Value | None) -> object:
    return (
        {"base64": binascii.b2a_base64(value, newline=False).decode()} if isinstance(value, bytes) else value
    )


def encode_event(event: RunEvent) -> bytes:
    """Return an event as a line for the supervisor."""
    if type(event) is events.TaskOutput:
        return _output_line(event)
    fields = event._asdict()
    if isinstance(event, _WITH_VALUES):
        fields["old"], fields["new"] = _wrap(event.old), _wrap(event.new)
    return _line({"event": event_name(event), **fields})


def encode_note(name: str, *details: object) -> bytes:
    """Return a note as a line for the supervisor."""
    return _line([name, *details])


def _line(document: object) -> bytes:
    # Lone surrogates, from file names that are not UTF-8, become JSON escapes, and are read back unchanged.
    return _dumps(document).encode("utf-8", "backslashreplace") + b"\n"


def decode(line: bytes) -> Message:
    """Read a line of :func:`encode_event` or :func:`encode_note`. Raises ValueError for any other."""
    document = json.loads(line)
    try:
        if isinstance(document, list):
            return Note(str(document[0]), document[1:])
        kind = events.KINDS[document.pop("event")]
        if kind in _WITH_VALUES:
            document["old"], document["new"] = _unwrap(document["old"]), _unwrap(document["new"])
        return kind(**document)
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"no event and no note: {line[:80]!r}") from error


def decode_lines(lines: Iterable[bytes]) -> Iterator[Message]:
    """Yield the messages of these lines, without lines that are not ours."""
    for line in lines:
        with suppress(ValueError):
            yield decode(line)


def _wrap(value: Value | None) -> object:
    if isinstance(value, bytes):
        return {"bytes": binascii.b2a_base64(value, newline=False).decode()}
    return {"table": value} if isinstance(value, (dict, list)) else value


def _unwrap(value: object) -> object:
    if isinstance(value, dict):
        return binascii.a2b_base64(value["bytes"]) if "bytes" in value else value["table"]
    return value
