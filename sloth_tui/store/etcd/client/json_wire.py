"""Messages as the JSON of the server's gateway: numbers of 64 bits are text, keys and values are base64."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from sloth_tui.store.etcd.client.messages import (
    Granted,
    KeyValue,
    Put,
    Range,
    RangeAnswer,
    Status,
    Txn,
    TxnAnswer,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.store.etcd.client.messages import Compare, Operation

_NUMBERS = {"create": "create_revision", "mod": "mod_revision", "version": "version", "lease": "lease"}


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def range_request(request: Range) -> dict[str, Any]:
    out: dict[str, Any] = {"key": _base64(request.key)}
    if request.end is not None:
        out["range_end"] = _base64(request.end)
    if request.limit:
        out["limit"] = str(request.limit)
    if request.revision:
        out["revision"] = str(request.revision)
    if request.descending:
        out["sort_order"] = "DESCEND"
    if request.keys_only:
        out["keys_only"] = True
    if request.count_only:
        out["count_only"] = True
    return out


def _compare(compare: Compare) -> dict[str, Any]:
    out = {
        "key": _base64(compare.key),
        "target": compare.field.upper(),
        _NUMBERS[compare.field]: str(compare.number),
    }
    if compare.end is not None:
        out["range_end"] = _base64(compare.end)
    return out


def _operation(operation: Operation) -> dict[str, Any]:
    if isinstance(operation, Put):
        put = {"key": _base64(operation.key), "value": _base64(operation.value)}
        if operation.lease:
            put["lease"] = str(operation.lease)
        return {"request_put": put}
    if isinstance(operation, Range):
        return {"request_range": range_request(operation)}
    if isinstance(operation, Txn):
        return {"request_txn": txn_request(operation)}
    delete = {"key": _base64(operation.key)}
    if operation.end is not None:
        delete["range_end"] = _base64(operation.end)
    return {"request_delete_range": delete}


def txn_request(request: Txn) -> dict[str, Any]:
    return {
        "compare": [_compare(compare) for compare in request.compares],
        "success": [_operation(operation) for operation in request.then],
        "failure": [_operation(operation) for operation in request.otherwise],
    }


def _revision(answer: dict[str, Any]) -> int:
    return int(answer.get("header", {}).get("revision", 0))


def range_answer(answer: dict[str, Any]) -> RangeAnswer:
    kvs = [
        KeyValue(
            a2b_base64(kept["key"]),
            a2b_base64(kept.get("value", "")),
            int(kept.get("create_revision", 0)),
            int(kept.get("mod_revision", 0)),
            int(kept.get("lease", 0)),
        )
        for kept in answer.get("kvs", ())
    ]
    return RangeAnswer(kvs, int(answer.get("count", 0)), _revision(answer))


def txn_answer(answer: dict[str, Any]) -> TxnAnswer:
    answers: list[RangeAnswer | TxnAnswer | int] = []
    for response in answer.get("responses", ()):
        if "response_range" in response:
            answers.append(range_answer(response["response_range"]))
        elif "response_txn" in response:
            answers.append(txn_answer(response["response_txn"]))
        else:
            answers.append(int(response.get("response_delete_range", {}).get("deleted", 0)))
    return TxnAnswer(answer.get("succeeded", False), answers, _revision(answer))


def granted_answer(answer: dict[str, Any]) -> Granted:
    return Granted(int(answer.get("ID", 0)), int(answer.get("TTL", 0)))


def status_answer(answer: dict[str, Any]) -> Status:
    return Status(
        answer.get("version", ""),
        int(answer.get("dbSize", 0)),
        int(answer.get("dbSizeInUse", 0)),
        int(answer.get("leader", 0)),
        answer.get("errors", []),
    )
