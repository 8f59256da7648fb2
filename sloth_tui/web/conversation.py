"""One websocket: what a page says to its session.

Binary messages are what a terminal sends or gets. Text messages are lists in JSON; from the page: ``["begin",
columns, lines]``, which comes first, and ``["resize", columns, lines]``; to it: ``["session", id, resumed]``,
``["unsaved", flag]`` and ``["ended", why]``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType
from aiohttp.web import WebSocketResponse

from sloth_tui.web import log
from sloth_tui.web.guard import PROTOCOL, session_of
from sloth_tui.web.headers import HEADERS
from sloth_tui.web.process import MAX_CELLS, MIN_CELLS

if TYPE_CHECKING:
    from aiohttp import WSMessage
    from aiohttp.web import BaseRequest

    from sloth_tui.web.sessions import Session, Sessions

_HEARTBEAT_SECONDS = 15.0
_LARGEST_MESSAGE = 1024 * 1024
_BEGIN_SECONDS = 10.0
"""How long a page may take to say the size of its terminal."""
_CLOSE_SECONDS = 2.0


async def converse(request: BaseRequest, sessions: Sessions) -> WebSocketResponse:
    """Open the websocket, give it a session, and hand on what is typed until it is closed."""
    page = WebSocketResponse(
        timeout=_CLOSE_SECONDS,
        receive_timeout=None,
        heartbeat=_HEARTBEAT_SECONDS,
        protocols=(PROTOCOL,),
        compress=False,
        max_msg_size=_LARGEST_MESSAGE,
    )
    page.headers.update(HEADERS)
    await page.prepare(request)
    size = await _begin(page)
    if size is None:
        await page.close(code=WSCloseCode.UNSUPPORTED_DATA)
        return page
    try:
        session, resumed = await sessions.take(session_of(request), *size, request.remote or "")
    except OSError as error:
        log.write(f"no session: {error.strerror}")
        await page.send_str(json.dumps(["ended", f"error: {error.strerror}"]))
        await page.close(code=WSCloseCode.TRY_AGAIN_LATER)
        return page
    sessions.attach(session, page)
    try:
        await session.say("session", session.id, resumed)
        await session.say("unsaved", session.unsaved)
        if resumed:
            await session.process.tell("resize", width=size[0], height=size[1])
            await session.process.tell("attach")
        await _listen(page, session)
    finally:
        sessions.detach(session, page)
        transport = request.transport
        if transport is not None and transport.get_write_buffer_size():
            # It takes nothing any more: whoever waits for it must not wait for the system to notice.
            transport.abort()
    return page


async def _begin(page: WebSocketResponse) -> tuple[int, int] | None:
    try:
        first = await page.receive(timeout=_BEGIN_SECONDS)
    except TimeoutError:
        return None
    return _size(first, "begin")


async def _listen(page: WebSocketResponse, session: Session) -> None:
    async for message in page:
        if message.type == WSMsgType.BINARY:
            await session.process.type_in(message.data)
        elif (size := _size(message, "resize")) is not None:
            await session.process.tell("resize", width=size[0], height=size[1])
        else:
            await page.close(code=WSCloseCode.UNSUPPORTED_DATA)


def _size(message: WSMessage, verb: str) -> tuple[int, int] | None:
    """Return columns and lines of ``[verb, columns, lines]``, within bounds; None for anything else."""
    if message.type != WSMsgType.TEXT:
        return None
    try:
        words = json.loads(message.data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(words, list) or len(words) != 3 or words[0] != verb:
        return None
    if not all(type(word) is int for word in words[1:]):
        return None
    columns, lines = (min(max(word, MIN_CELLS), MAX_CELLS) for word in words[1:])
    return columns, lines
