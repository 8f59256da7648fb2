"""What is read of the bytes of an answer: fields of a newer server are skipped, whatever they hold."""

from __future__ import annotations

import pytest

from sloth_tui.store.etcd.client.messages import KeyValue, Put, Range, RangeAnswer, Txn, TxnAnswer
from sloth_tui.store.etcd.client.wire import range_request, txn_request
from sloth_tui.store.etcd.client.wire_answers import range_answer, txn_answer

_UNKNOWN = [
    b"",
    b"\x78\x96\x01",  # a number
    b"\x79" + b"\xff" * 8,  # eight bytes
    b"\x7d" + b"\xff" * 4,  # four bytes
    b"\x7a\x03abc",  # bytes
    b"\x82\x02\x81\x01" + b"x" * 129,  # bytes, of a field with a large number
]


def _field(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes((tag,)) + (bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7))) + content


def _header(unknown: bytes) -> bytes:
    """The ids of a cluster and a member, and the revision 300."""
    return _field(
        0x0A, b"\x08" + b"\xcd" * 9 + b"\x01" + unknown + b"\x10" + b"\xb2" * 9 + b"\x01\x18\xac\x02\x20\x02"
    )


def _found(unknown: bytes) -> bytes:
    """Two keys, the second with a value of 200 bytes and a lease, and their count."""
    small = b"\x0a\x01k\x10\x05\x18\x80\x80\x02\x20\x01"
    large = b"\x0a\x01l\x10\xac\x02\x18\xac\x02\x20\x01" + _field(0x2A, b"v" * 200) + b"\x30\xff\xff\x03"
    return unknown + _field(0x12, small) + unknown + _field(0x12, large) + b"\x18\x01\x20\x02" + unknown


_KEYS = [KeyValue(b"k", b"", 5, 32768, 0), KeyValue(b"l", b"v" * 200, 300, 300, 65535)]


@pytest.mark.parametrize("unknown", _UNKNOWN, ids=len)
def test_a_range_is_read(unknown: bytes) -> None:
    assert range_answer(_header(unknown) + _found(unknown)) == RangeAnswer(_KEYS, 2, 300)


@pytest.mark.parametrize("unknown", _UNKNOWN, ids=len)
def test_a_transaction_is_read(unknown: bytes) -> None:
    found = _field(0x1A, _field(0x0A, _header(b"") + _found(unknown)))
    put, deleted = _field(0x1A, b"\x12\x02\x0a\x00"), _field(0x1A, b"\x1a\x04\x0a\x00\x10\x03")
    inner = _field(0x1A, _field(0x22, b"\x0a\x00\x10\x01" + found))
    expected = RangeAnswer(_KEYS, 2, 0)
    assert txn_answer(_header(unknown) + b"\x10\x01" + unknown + found + put + deleted + inner) == TxnAnswer(
        True, [expected, 0, 3, TxnAnswer(True, [expected], 0)], 300
    )
    beside = _field(0x1A, unknown + _field(0x0A, _found(b"")))
    assert txn_answer(_header(b"") + beside) == TxnAnswer(False, [expected], 300)


def test_nothing_is_an_answer_too() -> None:
    assert range_answer(b"") == RangeAnswer([], 0, 0)
    assert txn_answer(b"") == TxnAnswer(False, [], 0)


def test_what_is_not_protobuf_is_refused() -> None:
    with pytest.raises(ValueError, match="not protobuf: a field of kind 3"):
        range_answer(b"\x1b\x00")


def test_a_long_key_and_a_short_one_are_asked_for() -> None:
    long = b"k" * 200
    assert range_request(Range(b"k")) == b"\x0a\x01k"
    assert range_request(Range(long)) == b"\x0a\xc8\x01" + long
    assert range_request(Range(b"k", limit=2, keys_only=True)) == b"\x0a\x01k\x18\x02\x40\x01"
    ranged = _field(0x12, _field(0x0A, _field(0x0A, long)))
    put = _field(0x1A, _field(0x12, b"\x0a\x01k\x12\x01v"))
    assert txn_request(Txn((), [Range(long)], [Put(b"k", b"v")])) == ranged + put
