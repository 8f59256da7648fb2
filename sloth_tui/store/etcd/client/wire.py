"""etcd's messages in the bytes of protobuf.

Written by hand: a driver that brings protobuf brings its conflicts of versions, and a straight walk reads a
million keys in half a second of a processor. Fields and numbers are those of etcd's ``rpc.proto`` and
``kv.proto``. A field that is unknown is skipped, as protobuf demands, so a newer server may add some."""

from __future__ import annotations

from sloth_tui.store.etcd.client.messages import (
    Event,
    Granted,
    KeyValue,
    Put,
    Range,
    RangeAnswer,
    Status,
    Txn,
    TxnAnswer,
    Watched,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.client.messages import Compare, Delete, Operation

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN = 1 << 64
_DESCEND = 2
_COMPARED = {"version": (0, 4), "create": (1, 5), "mod": (2, 6), "lease": (4, 8)}
"""Field of a comparison -> its target, and the number of the field that holds the number."""


# Writing.


_SMALL = [bytes((number,)) for number in range(128)]
"""Nearly all numbers of a request, as they are written."""


def _varint(number: int) -> bytes:
    if 0 <= number < 128:
        return _SMALL[number]
    if number < 0:
        number += _SIGN
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number) if number else b""


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def range_request(request: Range) -> bytes:
    out = _bytes(1, request.key)
    if request.end is not None:
        out += _bytes(2, request.end)
    out += _number(3, request.limit) + _number(4, request.revision)
    if request.descending:
        out += _number(5, _DESCEND)  # by key, the target with number 0
    return out + _number(8, request.keys_only) + _number(9, request.count_only)


def put_request(request: Put) -> bytes:
    return _bytes(1, request.key) + _bytes(2, request.value) + _number(3, request.lease)


def delete_request(request: Delete) -> bytes:
    return _bytes(1, request.key) + (b"" if request.end is None else _bytes(2, request.end))


def _compare(compare: Compare) -> bytes:
    target, field = _COMPARED[compare.field]
    # The number is sent even if it is 0: a comparison without one has no target.
    number = _varint(field << 3) + _varint(compare.number)
    end = b"" if compare.end is None else _bytes(64, compare.end)
    return _number(2, target) + _bytes(3, compare.key) + number + end


def _operation(operation: Operation) -> bytes:
    if isinstance(operation, Put):
        return _bytes(2, put_request(operation))
    if isinstance(operation, Range):
        return _bytes(1, range_request(operation))
    if isinstance(operation, Txn):
        return _bytes(4, txn_request(operation))
    return _bytes(3, delete_request(operation))


def txn_request(request: Txn) -> bytes:
    out = [_bytes(1, _compare(compare)) for compare in request.compares]
    out += [_bytes(2, _operation(operation)) for operation in request.then]
    out += [_bytes(3, _operation(operation)) for operation in request.otherwise]
    return b"".join(out)


def grant_request(seconds: int) -> bytes:
    return _number(1, seconds)


def lease_request(lease: int) -> bytes:
    """Return the request to revoke a lease, to keep it alive, or to tell how long it lasts."""
    return _number(1, lease)


def watch_request(key: bytes, end: bytes | None) -> bytes:
    """Return the request to watch a key or a range from now on."""
    return _bytes(1, _bytes(1, key) + (b"" if end is None else _bytes(2, end)))


def authenticate_request(user: str, password: str) -> bytes:
    return _bytes(1, user.encode()) + _bytes(2, password.encode())


# Reading.


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    number, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at + 1
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the content of each field: an integer, or bytes. Raises ValueError for what is not
    protobuf."""
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        at += 1
        if tag > 0x7F:
            tag, at = _read_varint(data, at - 1)
        kind = tag & 7
        if kind in (_VARINT, _BYTES):
            number = data[at]
            at += 1
            if number > 0x7F:
                number, at = _read_varint(data, at - 1)
            if kind == _VARINT:
                yield tag >> 3, number
            else:
                yield tag >> 3, data[at : at + number]
                at += number
        elif kind == _FIXED64:
            at += 8
        elif kind == _FIXED32:
            at += 4
        else:
            raise ValueError(f"not protobuf: a field of kind {kind}")


def _signed(number: object) -> int:
    assert isinstance(number, int)
    return number - _SIGN if number >> 63 else number


def _as_bytes(content: object) -> bytes:
    assert isinstance(content, bytes)
    return content


def _revision(header: object) -> int:
    for field, content in _fields(_as_bytes(header)):
        if field == 3:
            return _signed(content)
    return 0


def _key_value(data: bytes) -> KeyValue:
    """Read one key: the innermost loop of every list, hence without :func:`_fields`."""
    key = value = b""
    create = mod = lease = 0
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        at += 1
        number = data[at]
        at += 1
        if number > 0x7F:
            number, at = _read_varint(data, at - 1)
        if tag == 0x0A:
            key = data[at : at + number]
            at += number
        elif tag == 0x2A:
            value = data[at : at + number]
            at += number
        elif tag == 0x10:
            create = number
        elif tag == 0x18:
            mod = number
        elif tag == 0x30:
            lease = number
        elif tag & 7 == _BYTES:
            at += number
    return KeyValue(key, value, create, mod, _signed(lease))


def range_answer(data: bytes, *, inner: bool = False) -> RangeAnswer:
    """``inner``: inside the answer of a transaction, which has the revision."""
    kvs, count, revision = [], 0, 0
    for field, content in _fields(data):
        if field == 2:
            kvs.append(_key_value(_as_bytes(content)))
        elif field == 4:
            count = _signed(content)
        elif field == 1 and not inner:
            revision = _revision(content)
    return RangeAnswer(kvs, count, revision)


def deleted_answer(data: bytes) -> int:
    return next((_signed(content) for field, content in _fields(data) if field == 2), 0)


def txn_answer(data: bytes) -> TxnAnswer:
    succeeded, revision = False, 0
    answers: list[RangeAnswer | TxnAnswer | int] = []
    for field, content in _fields(data):
        if field == 3:
            answers += [_answer(number, _as_bytes(inner)) for number, inner in _fields(_as_bytes(content))]
        elif field == 2:
            succeeded = bool(content)
        elif field == 1:
            revision = _revision(content)
    return TxnAnswer(succeeded, answers, revision)


def _answer(field: int, data: bytes) -> RangeAnswer | TxnAnswer | int:
    if field == 1:
        return range_answer(data, inner=True)
    if field == 4:
        return txn_answer(data)
    return deleted_answer(data) if field == 3 else 0


def granted_answer(data: bytes) -> Granted:
    """Read the answer to a grant, to a keep-alive or to the question how long a lease lasts: -1 s if it has
    ended (0 s in the answer to a keep-alive)."""
    lease = seconds = 0
    for field, content in _fields(data):
        if field == 2:
            lease = _signed(content)
        elif field == 3:
            seconds = _signed(content)
    return Granted(lease, seconds)


def token_answer(data: bytes) -> str:
    return next((_as_bytes(content).decode() for field, content in _fields(data) if field == 2), "")


def status_answer(data: bytes) -> Status:
    version, numbers, errors = "", {3: 0, 4: 0, 9: 0}, []
    for field, content in _fields(data):
        if field == 2:
            version = _as_bytes(content).decode("utf-8", "replace")
        elif field == 8:
            errors.append(_as_bytes(content).decode("utf-8", "replace"))
        elif field in numbers:
            numbers[field] = _signed(content)
    return Status(version, numbers[3], numbers[9], numbers[4], errors)


def watched_answer(data: bytes) -> Watched:
    events, revision, canceled, why = [], 0, False, ""
    for field, content in _fields(data):
        if field == 11:
            events.append(_event(_as_bytes(content)))
        elif field == 1:
            revision = _revision(content)
        elif field == 4:
            canceled = bool(content)
        elif field == 6:
            why = _as_bytes(content).decode("utf-8", "replace")
    return Watched(events, revision, why or "the server ended the watch" if canceled else "")


def _event(data: bytes) -> Event:
    deleted, changed = False, None
    for field, content in _fields(data):
        if field == 1:
            deleted = bool(content)
        elif field == 2:
            changed = _key_value(_as_bytes(content))
    assert changed is not None
    return Event(deleted, changed.key, changed.mod)
