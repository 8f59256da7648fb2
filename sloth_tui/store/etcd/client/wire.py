"""Requests to etcd in the bytes of protobuf. Its answers: :mod:`sloth_tui.store.etcd.client.wire_answers`.

Written by hand: a driver that brings protobuf brings its conflicts of versions. Fields and numbers are those
of etcd's ``rpc.proto`` and ``kv.proto``."""

from __future__ import annotations

from sloth_tui.store.etcd.client.messages import Put, Range, Txn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.etcd.client.messages import Compare, Delete, Operation

_BYTES = 2
_SIGN = 1 << 64
_DESCEND = 2
_COMPARED = {"version": (0, 4), "create": (1, 5), "mod": (2, 6), "lease": (4, 8)}
"""Field of a comparison -> its target, and the number of the field that holds the number."""


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
    size = len(data)
    if field < 16 and size < 128:
        return _SMALL[field << 3 | _BYTES] + _SMALL[size] + data
    return _varint(field << 3 | _BYTES) + _varint(size) + data


_ONE_KEY = Range(b"")[1:]
"""All but the key of the request for one key."""


def range_request(request: Range) -> bytes:
    out = _bytes(1, request.key)
    if request[1:] == _ONE_KEY:
        return out
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
    if isinstance(operation, Range):
        return _bytes(1, range_request(operation))
    if isinstance(operation, Put):
        return _bytes(2, put_request(operation))
    if isinstance(operation, Txn):
        return _bytes(4, txn_request(operation))
    return _bytes(3, delete_request(operation))


def txn_request(request: Txn) -> bytes:
    compares, then, otherwise = request
    out = [_bytes(2, _operation(operation)) for operation in then]
    if compares:
        out[:0] = [_bytes(1, _compare(compare)) for compare in compares]
    if otherwise:
        out += [_bytes(3, _operation(operation)) for operation in otherwise]
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
