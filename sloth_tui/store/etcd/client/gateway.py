"""Calls to the server by its JSON gateway: for commands that make a few calls and end.

The library for gRPC takes as long to load as such a command takes in all. The gateway answers the same
requests with the same errors. What it cannot do (streams, users that are told by their certificate, a server
without it) goes to a channel of gRPC."""

from __future__ import annotations

import json
from _thread import allocate_lock  # threading takes ten times as long to load
from contextlib import suppress
from time import monotonic

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.client import json_wire
from sloth_tui.store.etcd.client.failures import NO_LEADER, TOKEN, UNREACHABLE, Failed, kind_of
from sloth_tui.store.etcd.client.http_post import Connection, NotHttp

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from sloth_tui.store.etcd.client.address import EtcdAddress
    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.client.messages import (
        Granted,
        Range,
        RangeAnswer,
        Status,
        Txn,
        TxnAnswer,
        Watched,
    )

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
            "kv/range",
            json_wire.range_request(request),
            json_wire.range_answer,
            seconds,
            lambda other: other.range(request, seconds),
        )

    def txn(self, request: Txn, seconds: float) -> TxnAnswer:
        return self._served(
            "kv/txn",
            json_wire.txn_request(request),
            json_wire.txn_answer,
            seconds,
            lambda other: other.txn(request, seconds),
        )

    def grant(self, lease_seconds: int, seconds: float) -> Granted:
        return self._served(
            "lease/grant",
            {"TTL": str(lease_seconds)},
            json_wire.granted_answer,
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
            lambda answer: json_wire.granted_answer(answer.get("result", {})),
            seconds,
            lambda other: other.keep_alive(lease, seconds),
        )

    def time_to_live(self, lease: int, seconds: float) -> Granted:
        return self._served(
            "lease/timetolive",
            {"ID": str(lease)},
            json_wire.granted_answer,
            seconds,
            lambda other: other.time_to_live(lease, seconds),
        )

    def status(self, seconds: float) -> Status:
        return self._served(
            "maintenance/status", {}, json_wire.status_answer, seconds, lambda other: other.status(seconds)
        )

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
