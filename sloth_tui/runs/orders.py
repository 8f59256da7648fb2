"""What a keeper is told: one line of JSON, through a pipe, because values and keys may be secrets."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.model import Run

if TYPE_CHECKING:
    from sloth_tui.runs.pruning import Retention

_READ_BYTES = 1 << 16


class Order(NamedTuple):
    """One run, and what becomes of its record."""

    request: RunRequest
    run: Run
    keys: bytes
    """The keys of an encrypted store, as :mod:`sloth_tui.store.worker_keys` writes them."""
    path: str
    """The folder of the run."""
    secret_segments: tuple[str, ...]
    """The values of keys with a segment that contains one of these are not recorded."""
    base: str
    """The base directory of all runs."""
    retention: Retention
    temporary: bool
    """True if the base directory is to be removed as well."""


def encode_order(order: Order) -> bytes:
    """Return the line of an order."""
    return json.dumps(order._replace(keys=order.keys.hex())).encode() + b"\n"  # type: ignore[arg-type]


def read_order(descriptor: int) -> tuple[Order | None, bytes]:
    """Read an order, and what has come after it; None if nobody gives one."""
    parts: list[bytes] = []
    while True:
        data = os.read(descriptor, _READ_BYTES)
        if not data:
            return None, b""
        line, end, rest = data.partition(b"\n")
        parts.append(line)
        if end:
            return _decode(b"".join(parts)), rest


def _decode(line: bytes) -> Order:
    (file, agent, tasks, *others), run, keys, path, segments, base, retention, temporary = json.loads(line)
    made = Run(*run)
    return Order(
        RunRequest(file, agent, tuple(tasks), *others),
        made._replace(tasks=tuple(made.tasks)),
        bytes.fromhex(keys),
        path,
        tuple(segments),
        base,
        (retention[0], retention[1], retention[2]),
        temporary,
    )
