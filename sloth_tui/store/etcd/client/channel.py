"""Calls to the server by gRPC, in the bytes of :mod:`sloth_tui.store.etcd.client.wire`."""

from __future__ import annotations

import os
import threading
from time import monotonic

# Read by the library when it is loaded: this process never forks without an exec, and the handlers cost time.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from sloth_tui.store.etcd.client import wire, wire_answers
from sloth_tui.store.etcd.client.failures import DENIED, TOKEN, TRY_AGAIN, UNREACHABLE, Failed, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from sloth_tui.store.etcd.client.address import EtcdAddress
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

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),  # a range of 100,000 keys is more than the default of 4 MB
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # we settle unknown outcomes ourselves
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)
_LOGIN_SECONDS = 5.0
_CONNECT_MS, _LEAST_CONNECT_MS = 1500, 400
"""How long to try to connect, shared by the endpoints; within that an endpoint that is down must not use up a
caller's patience, and one that is far away must be able to answer."""
_NOT_CONNECTED = ("failed to connect to all addresses", "errors resolving", "DNS resolution failed")
_NEEDS_LEADER = ("hasleader", "true")
"""Without it a member without quorum is silent for 7 s instead of answering at once."""


def _same(data: bytes) -> bytes:
    return data


class GrpcChannel:
    """See :class:`sloth_tui.store.etcd.client.calls.Channel`. May be shared by threads.

    Each endpoint has a channel of the library's own, because each has its own name in its certificate. A call
    goes to the one that answered last, and if that fails the next call goes to the next: a member may be
    down, silent, or cut off from the others."""

    __slots__ = (
        "_address",
        "_blocking",
        "_channels",
        "_methods",
        "_password",
        "_place",
        "_running",
        "_token",
    )

    def __init__(self, address: EtcdAddress, password: str | None = None) -> None:
        self._address = address
        self._password = password
        self._token: str | None = None
        self._place = 0
        """Number of the endpoint that is called."""
        self._channels = {0: _connect(address, 0)}
        self._methods: dict[tuple[int, str], Any] = {}
        self._running: set[Any] = set()
        self._blocking: int | None = None
        """Number of the endpoint that the main thread waits for."""

    def range(self, request: Range, seconds: float) -> RangeAnswer:
        return self._call("KV/Range", wire.range_request(request), wire_answers.range_answer, seconds)

    def txn(self, request: Txn, seconds: float) -> TxnAnswer:
        return self._call("KV/Txn", wire.txn_request(request), wire_answers.txn_answer, seconds)

    def grant(self, lease_seconds: int, seconds: float) -> Granted:
        return self._call(
            "Lease/LeaseGrant", wire.grant_request(lease_seconds), wire_answers.granted_answer, seconds
        )

    def revoke(self, lease: int, seconds: float) -> None:
        self._call("Lease/LeaseRevoke", wire.lease_request(lease), _same, seconds)

    def keep_alive(self, lease: int, seconds: float) -> Granted:
        return self._call(
            "Lease/LeaseKeepAlive",
            wire.lease_request(lease),
            wire_answers.granted_answer,
            seconds,
            stream=True,
        )

    def time_to_live(self, lease: int, seconds: float) -> Granted:
        return self._call(
            "Lease/LeaseTimeToLive", wire.lease_request(lease), wire_answers.granted_answer, seconds
        )

    def status(self, seconds: float) -> Status:
        return self._call("Maintenance/Status", b"", wire_answers.status_answer, seconds)

    def watch(self, *ranges: Range) -> Iterator[Watched]:
        """Yield what happens in these ranges from now on, until :meth:`interrupt` or :meth:`close`. The first
        message for each range says that its watch began. Raises Failed."""
        from threading import Event

        ended = Event()
        requests = _until(ended, [wire.watch_request(watched.key, watched.end) for watched in ranges])
        metadata, place = self._logged_in(), self._place
        call = self._method(place, "Watch/Watch", stream=True)(requests, metadata=metadata)
        self._running.add(call)
        try:
            for data in call:
                watched = wire_answers.watched_answer(data)
                self._doubt_login(watched.canceled)
                yield watched
        except grpc.RpcError as error:
            failed = _failed(error)
            self._doubt_login(failed.text)
            raise self._noted(failed, place) from None
        finally:
            ended.set()
            self._running.discard(call)
            call.cancel()

    def interrupt(self) -> None:
        """End the calls in flight; they raise Failed. Safe from any thread."""
        for call in tuple(self._running):
            call.cancel()
        place = self._blocking
        if place is not None:
            self._hang_up(place)

    def _hang_up(self, place: int) -> None:
        """End all calls to an endpoint; the next one connects again."""
        channel = self._channels.pop(place, None)
        for key in [key for key in tuple(self._methods) if key[0] == place]:
            self._methods.pop(key, None)
        if channel is not None:
            channel.close()

    def close(self) -> None:
        for channel in tuple(self._channels.values()):
            channel.close()

    def _call(
        self, name: str, request: bytes, read: Callable[[bytes], T], seconds: float, *, stream: bool = False
    ) -> T:
        """Make one call and return its answer. Raises Failed; after a login that has run out, log in again
        first."""
        deadline = monotonic() + seconds
        for attempt in range(2):
            try:
                return read(self._attempt(name, request, deadline - monotonic(), stream=stream))
            except Failed as failed:
                if failed.kind != TOKEN or attempt or self._address.user is None:
                    raise
                self._token = None
        raise AssertionError("not reached")

    def _attempt(self, name: str, request: bytes, seconds: float, *, stream: bool) -> bytes:
        if self._address.user is not None and self._token is None and name != "Auth/Authenticate":
            self._log_in(seconds)
        place = self._place
        method = self._method(place, name, stream=stream)
        metadata = self._metadata()
        call: Any = None
        try:
            if stream:
                call = method(iter((request,)), timeout=seconds, metadata=metadata)
                self._running.add(call)
                return bytes(next(call))
            if threading.get_ident() == threading.main_thread().ident:
                return self._wait_for(place, method, request, seconds, metadata)
            call = method.future(request, timeout=seconds, metadata=metadata)
            self._running.add(call)
            return bytes(call.result())
        except grpc.RpcError as error:
            raise self._noted(_failed(error), place) from None
        except grpc.FutureCancelledError:
            raise Failed(UNREACHABLE, "interrupted") from None
        except ValueError:
            # The channel was closed by another thread.
            raise Failed(UNREACHABLE, "closed") from None
        finally:
            if call is not None:
                self._running.discard(call)
                if stream:
                    call.cancel()

    def _wait_for(self, place: int, method: Any, request: bytes, seconds: float, metadata: Any) -> bytes:
        """Make a call of the main thread without a thread of the library's own, which would be half of what
        it costs."""
        self._blocking = place
        try:
            return bytes(method(request, timeout=seconds, metadata=metadata))
        finally:
            self._blocking = None

    def _logged_in(self) -> tuple[tuple[str, str], ...]:
        """Return what goes with a call, after a login if one is needed. Raises Failed."""
        if self._address.user is not None and self._token is None:
            self._log_in(_LOGIN_SECONDS)
        return self._metadata()

    def _doubt_login(self, text: str) -> None:
        """Log in again before the next call, if this is why a watch ended: some servers that were started
        anew say no more than that it is not permitted."""
        if text and kind_of("UNKNOWN", text) in (TOKEN, DENIED):
            self._token = None

    def _log_in(self, seconds: float) -> None:
        request = wire.authenticate_request(self._address.user or "", self._password or "")
        self._token = wire_answers.token_answer(
            self._attempt("Auth/Authenticate", request, seconds, stream=False)
        )

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (_NEEDS_LEADER,) if self._token is None else (_NEEDS_LEADER, ("token", self._token))

    def _noted(self, failed: Failed, place: int) -> Failed:
        """Go on with the next endpoint if this one failed; another thread may have done so already."""
        if failed.kind in TRY_AGAIN and self._place == place:
            self._place = (place + 1) % len(self._address.endpoints)
        return failed

    def _method(self, place: int, name: str, *, stream: bool) -> Any:
        method = self._methods.get((place, name))
        if method is None:
            channel = self._channels.get(place)
            if channel is None:
                channel = self._channels[place] = _connect(self._address, place)
            make = channel.stream_stream if stream else channel.unary_unary
            method = self._methods[place, name] = make(
                "/etcdserverpb." + name, request_serializer=_same, response_deserializer=_same
            )
        return method


def _connect(address: EtcdAddress, place: int) -> grpc.Channel:
    """Return a channel to one of the endpoints. Raises UsageError for a file of certificates that cannot be
    read."""
    host, port = address.endpoints[place]
    target = f"dns:///[{host}]:{port}" if ":" in host else f"dns:///{host}:{port}"
    patience = max(_LEAST_CONNECT_MS, _CONNECT_MS // len(address.endpoints))
    options = (*_OPTIONS, ("grpc.min_reconnect_backoff_ms", patience))
    if not address.tls:
        return grpc.insecure_channel(target, options=options)
    from sloth_tui.store.etcd.client.tls import content

    credentials = grpc.ssl_channel_credentials(
        content(address.ca), content(address.key), content(address.cert)
    )
    return grpc.secure_channel(target, credentials, options=options)


def _failed(error: grpc.RpcError) -> Failed:
    code, text = error.code(), error.details() or ""
    words = text or code.name.lower().replace("_", " ")
    return Failed(kind_of(code.name, text), words, sent=not text.startswith(_NOT_CONNECTED))


def _until(ended: threading.Event, requests: list[bytes]) -> Iterator[bytes]:
    """Yield the requests, and end only at that event: the server ends a stream whose client has ended."""
    yield from requests
    ended.wait()
