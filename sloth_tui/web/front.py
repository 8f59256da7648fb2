"""The front: answers what the guard lets through."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp.web import BaseRequest, RequestHandler, Response, Server

from sloth_tui.web import log
from sloth_tui.web.conversation import converse
from sloth_tui.web.guard import CHECKS, SOCKET, Known, Refusal, examine, is_upgrade, path_of
from sloth_tui.web.headers import HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from aiohttp.web import StreamResponse

    from sloth_tui.web.addresses import Place
    from sloth_tui.web.guard import Check
    from sloth_tui.web.sessions import Sessions

WRONG_TOKEN_SECONDS = 0.5
"""How long the answer to a wrong token takes."""


class Front:
    """Answers requests: with the files of the page, and by a session to websockets."""

    def __init__(
        self,
        place: Place,
        token: str,
        files: Mapping[str, tuple[bytes, str]],
        sessions: Sessions,
        checks: Sequence[Check] = CHECKS,
    ) -> None:
        self._files = files
        self._sessions = sessions
        self._checks = checks
        self._known = Known(place, token, sessions.__contains__, lambda: sessions.full)

    def server(self) -> Server:
        """Return a factory of protocols for :meth:`asyncio.loop.create_server`. The library's own log is off:
        it would hold paths, and what strangers sent."""
        quiet = logging.getLogger("sloth_tui.web.aiohttp")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        return _GuardedServer(self.answer, access_log=None, logger=quiet)

    async def answer(self, request: BaseRequest) -> StreamResponse:
        refusal = examine(request, self._known, self._checks)
        if refusal is None:
            return await self._answer(request)
        return await self._refuse(request, refusal)

    async def _refuse(self, request: BaseRequest, refusal: Refusal) -> Response:
        asked = f"{request.method} {path_of(request)}".replace(self._known.token, "...")
        peer = log.harmless(request.remote or "")
        log.write(f"refused, {refusal.status}: {refusal.reason}; from {peer}: {log.harmless(asked)}")
        if refusal.slow:
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
        return Response(status=refusal.status, text=f"{refusal.reason}\n")

    async def _answer(self, request: BaseRequest) -> StreamResponse:
        if is_upgrade(request):
            return await converse(request, self._sessions)
        path = path_of(request)
        if path == SOCKET:
            # A page cannot see why its websocket was refused: it asks here.
            return Response(status=204)
        if path not in self._files:
            return await self._refuse(request, Refusal(404, "there is no such path"))
        content, kind = self._files[path]
        return Response(body=content, content_type=kind, charset="utf-8")


class _GuardedServer(Server):
    def __call__(self) -> RequestHandler:
        return _GuardedHandler(self, loop=self._loop, **self._kwargs)


class _GuardedHandler(RequestHandler):
    """Gives every answer our headers, those of the library to broken requests included."""

    __slots__ = ()

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: Any
    ) -> tuple[StreamResponse, bool]:
        if not resp.prepared:
            resp.headers.update(HEADERS)
        return await super().finish_response(request, resp, start_time)
