"""Calls to the server by its JSON gateway: for commands that make a few calls and end.

The library for gRPC takes as long to load as such a command takes in all. The gateway answers the same
requests with the same errors. What it cannot do (streams, users that are told by their certificate, a server
without it) goes to a channel of gRPC."""

from __future__ import annotations

import json
from _thread import allocate_lock  # threading takes ten times as long to load
from binascii import a2b_base64, b2a_base64
from contextlib import suppress
from time import monotonic

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.client.failures import NO_LEADER, TOKEN, UNREACHABLE, Failed, kind_of
from sloth_tui.store.etcd.client.http_post import Connection, NotHttp
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
    import ssl
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from sloth_tui.store.etcd.client.address import EtcdAddress
    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.client.messages import Compare, Operation, Watched

    T = TypeVar("T")

_CODES = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]
"""Names of gRPC's status codes, by number."""
_NUMBERS = {"create": "create_revision", "mod": "mod_revision", "version": "version", "lease": "lease"}
_LONG_SECONDS = 5.0
"""Time for an answer that is not a long list."""
_NOT_SERVED = (404, 405, 501)


class NotServed(Exception):
    """The server has no gateway at this address."""


class GatewayChannel:
    """See :class:`sloth_tui.store.etcd.client.calls.Channel`. May be shared by threads, which take turns."""

    __slots__ = (
        "_address",
        "_connection",
        "_grpc",
        "_is_served",
        "_lock",
        "_next",
        "_open_grpc",
        "_password",
        "_token",
    )

    def __init__(self, address: EtcdAddress, password: str | None, open_grpc: Callable[[], Channel]) -> None:
        """``open_grpc`` opens the channel for what the gateway cannot do."""
        self._address = address
        self._password = password
        self._open_grpc = open_grpc
        self._grpc: Channel | None = None
        self._connection: Connection | None = None
        self._next = 0
        """Number of the endpoint to connect to next."""
        self._token: str | None = None
        self._is_served = False
        """True once the gateway has answered: what stands between may still answer in its place."""
        self._lock = allocate_lock()

    def range(self, request: Range, seconds: float) -> RangeAnswer:
        if request.many and self._grpc is None:
            # A long answer takes several times as long as JSON; more than the library takes to load.
            with suppress(DatabaseUnusable):  # it is not installed
                self._grpc = self._open_grpc()
        return self._served(
            "kv/range", _range(request), _range_answer, seconds, lambda other: other.range(request, seconds)
        )

    def txn(self, request: Txn, seconds: float) -> TxnAnswer:
        return self._served(
            "kv/txn", _txn(request), _txn_answer, seconds, lambda other: other.txn(request, seconds)
        )

    def grant(self, lease_seconds: int, seconds: float) -> Granted:
        return self._served(
            "lease/grant",
            {"TTL": str(lease_seconds)},
            _granted,
            seconds,
            lambda other: other.grant(lease_seconds, seconds),
        )

    def revoke(self, lease: int, seconds: float) -> None:
        self._served(
            "lease/revoke",
            {"ID": str(lease)},
            lambda answer: None,
            seconds,
            lambda other: other.revoke(lease, seconds),
        )

    def keep_alive(self, lease: int, seconds: float) -> Granted:
        return self._served(
            "lease/keepalive",
            {"ID": str(lease)},
            lambda answer: _granted(answer.get("result", {})),
            seconds,
            lambda other: other.keep_alive(lease, seconds),
        )

    def time_to_live(self, lease: int, seconds: float) -> Granted:
        return self._served(
            "lease/timetolive",
            {"ID": str(lease)},
            _granted,
            seconds,
            lambda other: other.time_to_live(lease, seconds),
        )

    def status(self, seconds: float) -> Status:
        return self._served("maintenance/status", {}, _status, seconds, lambda other: other.status(seconds))

    def watch(self, *ranges: Range) -> Iterator[Watched]:
        return self._by_grpc().watch(*ranges)

    def interrupt(self) -> None:
        if self._grpc is not None:
            self._grpc.interrupt()
        connection = self._connection
        if connection is not None:
            connection.stop()

    def close(self) -> None:
        if self._grpc is not None:
            self._grpc.close()
        if self._connection is not None:
            self._connection.close()

    def _by_grpc(self) -> Channel:
        if self._grpc is None:
            self._grpc = self._open_grpc()
        return self._grpc

    def _served(
        self,
        path: str,
        request: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        seconds: float,
        instead: Callable[[Channel], T],
    ) -> T:
        """Ask the gateway or, once it is known that there is none, the other channel. Raises Failed."""
        if self._grpc is None:
            try:
                return read(self._call(path, request, seconds))
            except NotServed:
                pass
        return instead(self._by_grpc())

    def _call(self, path: str, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Make one call and return its answer. Raises Failed, NotServed."""
        deadline = monotonic() + seconds
        with self._lock:
            for attempt in range(2):
                if self._address.user is not None and self._token is None:
                    self._log_in(deadline)
                try:
                    return self._attempt(path, request, deadline)
                except Failed as failed:
                    if failed.kind != TOKEN or attempt:
                        raise
                    self._token = None
        raise AssertionError("not reached")

    def _log_in(self, deadline: float) -> None:
        who = {"name": self._address.user, "password": self._password or ""}
        self._token = self._attempt("auth/authenticate", who, deadline)["token"]

    def _attempt(self, path: str, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Make one call to the endpoint that is connected to, or to the first that can be."""
        headers = {"Content-Type": "application/json", "Grpc-Metadata-hasleader": "true"}
        if self._token is not None:
            headers["Authorization"] = self._token
        try:
            connection = self._connect(deadline)
        except OSError as error:
            self._drop()
            raise Failed(UNREACHABLE, _words(error), sent=False) from None
        except NotHttp:
            self._drop()
            raise NotServed from None
        try:
            status, data = connection.post(
                f"/v3/{path}", json.dumps(request).encode(), headers, _left(deadline)
            )
        except OSError as error:
            self._drop()
            raise Failed(UNREACHABLE, _words(error)) from None
        except NotHttp:
            raise self._not_served("it does not answer as a web server does") from None
        try:
            answer = _answer(status, data)
        except NotServed:
            raise self._not_served(f"something else answered, with status {status}") from None
        except Failed as failed:
            self._is_served = True
            if failed.kind == NO_LEADER:
                self._drop()  # the others may know one
            raise
        self._is_served = True
        return answer

    def _not_served(self, what: str) -> Exception:
        """Return the error for an answer that is none of a gateway: where there is one, it may have done what
        it was asked to."""
        self._drop()
        return Failed(UNREACHABLE, what) if self._is_served else NotServed()

    def _connect(self, deadline: float) -> Connection:
        if self._connection is not None:
            return self._connection
        endpoints = self._address.endpoints
        context = self._context()
        for number in range(len(endpoints)):
            place = (self._next + number) % len(endpoints)
            try:
                self._connection = Connection(
                    *endpoints[place], _left(deadline) / (len(endpoints) - number), context
                )
            except OSError:
                if number + 1 == len(endpoints):
                    raise
            else:
                self._next = place
                if _left(deadline) > _LONG_SECONDS:
                    # Whether there is anybody is found out by something short.
                    self._connection.post("/version", b"", {}, _LONG_SECONDS)
                return self._connection
        raise AssertionError("an address names at least one endpoint")

    def _context(self) -> ssl.SSLContext | None:
        if not self._address.tls:
            return None
        from sloth_tui.store.etcd.client.tls import context_for

        return context_for(self._address)

    def _drop(self) -> None:
        """Close a connection that failed; the next one is to the next endpoint."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._next += 1


def _left(deadline: float) -> float:
    return max(0.05, deadline - monotonic())


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return error.strerror or str(error) or type(error).__name__


def _answer(status: int, data: bytes) -> dict[str, Any]:
    """Return the answer in a response. Raises Failed, NotServed."""
    try:
        # The answer of a stream is one object a line; its first is all there is to know.
        answer = json.loads(data.partition(b"\n")[0] or b"{}")
    except ValueError:
        raise NotServed from None
    if status == 200 and isinstance(answer, dict) and "error" not in answer:
        return answer
    failure = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(failure, dict):
        answer, failure = failure, failure.get("message", "")
    if status in _NOT_SERVED or not isinstance(answer, dict) or "code" not in answer:
        raise NotServed
    code = answer["code"]
    text = str(answer.get("message") or failure)
    raise Failed(kind_of(_CODES[code] if code < len(_CODES) else "UNKNOWN", text), text)


# Writing.


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def _range(request: Range) -> dict[str, Any]:
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
        return {"request_range": _range(operation)}
    if isinstance(operation, Txn):
        return {"request_txn": _txn(operation)}
    delete = {"key": _base64(operation.key)}
    if operation.end is not None:
        delete["range_end"] = _base64(operation.end)
    return {"request_delete_range": delete}


def _txn(request: Txn) -> dict[str, Any]:
    return {
        "compare": [_compare(compare) for compare in request.compares],
        "success": [_operation(operation) for operation in request.then],
        "failure": [_operation(operation) for operation in request.otherwise],
    }


# Reading.


def _revision(answer: dict[str, Any]) -> int:
    return int(answer.get("header", {}).get("revision", 0))


def _range_answer(answer: dict[str, Any]) -> RangeAnswer:
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


def _txn_answer(answer: dict[str, Any]) -> TxnAnswer:
    answers: list[RangeAnswer | TxnAnswer | int] = []
    for response in answer.get("responses", ()):
        if "response_range" in response:
            answers.append(_range_answer(response["response_range"]))
        elif "response_txn" in response:
            answers.append(_txn_answer(response["response_txn"]))
        else:
            answers.append(int(response.get("response_delete_range", {}).get("deleted", 0)))
    return TxnAnswer(answer.get("succeeded", False), answers, _revision(answer))


def _granted(answer: dict[str, Any]) -> Granted:
    return Granted(int(answer.get("ID", 0)), int(answer.get("TTL", 0)))


def _status(answer: dict[str, Any]) -> Status:
    return Status(
        answer.get("version", ""),
        int(answer.get("dbSize", 0)),
        int(answer.get("dbSizeInUse", 0)),
        int(answer.get("leader", 0)),
        answer.get("errors", []),
    )
