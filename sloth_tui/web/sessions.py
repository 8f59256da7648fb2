"""Sessions: a process of the terminal UI each, and the page that shows it."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.text import display_text
from sloth_tui.web import log
from sloth_tui.web.process import SessionProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from aiohttp.web import WebSocketResponse

LIMIT = 8
"""Sessions that there may be at once."""
GRACE_SECONDS = 10.0
"""How long a session waits for a page that was reloaded, or lost its connection."""
ENDED, TAKEN_OVER = 4000, 4001
"""Why a websocket is closed: the session is over; another page shows it now."""


class Session:
    """One process and at most one page."""

    def __init__(self, number: int, process: SessionProcess, *, debug: bool) -> None:
        self.id = secrets.token_urlsafe(16)
        self.number = number
        self.process = process
        self.unsaved = False
        self._debug = debug
        self._page: WebSocketResponse | None = None
        self._absence: asyncio.TimerHandle | None = None

    def attach(self, page: WebSocketResponse) -> WebSocketResponse | None:
        """Draw on this page from now on. Return the page that showed the session until now."""
        before, self._page = self._page, page
        if self._absence is not None:
            self._absence.cancel()
        return before

    def detach(self, page: WebSocketResponse, end: Callable[[Session], None]) -> None:
        """Stop drawing on this page; ``end`` is called unless one comes in time."""
        if self._page is page:
            self._page = None
            self._absence = asyncio.get_running_loop().call_later(GRACE_SECONDS, end, self)

    async def draw(self) -> None:
        """Hand what the process draws to the page, until the process ends."""
        while (packet := await self.process.packet()) is not None:
            kind, payload = packet
            if kind == b"D":
                await self._show(payload)
            elif kind == b"M":
                await self._heed(payload)

    async def _show(self, data: bytes) -> None:
        if self._page is not None and not self._page.closed:
            with suppress(ConnectionError):  # its conversation ends by itself
                await self._page.send_bytes(data)

    async def say(self, *words: object) -> None:
        """Tell the page something about the session."""
        if self._page is not None and not self._page.closed:
            with suppress(ConnectionError):
                await self._page.send_str(json.dumps(words))

    async def _heed(self, payload: bytes) -> None:
        """Heed what the app says of itself. What it asks of a browser, to open addresses or to take files,
        is dropped."""
        with suppress(ValueError, AttributeError):
            message = json.loads(payload)
            if message.get("type") == "unsaved":
                self.unsaved = message.get("value") is True
                await self.say("unsaved", self.unsaved)

    async def close(self, code: int) -> None:
        """Tell the page that the session is over, and log it."""
        complaint = display_text(self.process.complaint, lines=True).strip()
        reason = complaint.rpartition("\n")[2] if code else ""
        if not reason.startswith("error: "):
            reason = f"the terminal UI ended with exit code {code}" if code else ""
        words = f"session {self.number} ended, pid {self.process.pid}"
        log.write(f"{words}: {reason}" if reason else words)
        if self._debug and code and complaint:
            log.write(complaint)
        page, self._page = self._page, None
        if page is not None:
            with suppress(ConnectionError):
                await page.send_str(json.dumps(["ended", reason]))
            await _close(page, ENDED)


class Sessions:
    """The sessions of one front, by their ids."""

    def __init__(self, options: list[str], *, debug: bool = False) -> None:
        """``options`` are those of every process; ``debug``: log all that a failed one wrote to stderr."""
        self._options = options
        self._debug = debug
        self._known: dict[str, Session] = {}
        self._all: set[Session] = set()
        """Those known, and those that are ending."""
        self._tasks: set[asyncio.Task[object]] = set()
        self._begun = 0
        self._coming = 0

    def __contains__(self, id: object) -> bool:  # noqa: A002
        return id in self._known

    @property
    def full(self) -> bool:
        return len(self._known) + self._coming >= LIMIT

    async def take(self, id: str, columns: int, lines: int, peer: str) -> tuple[Session, bool]:  # noqa: A002
        """Return the session of this id and True; without one, a new session and False. Raises OSError."""
        session = self._known.get(id)
        if session is not None:
            return session, True
        self._coming += 1
        try:
            process = await SessionProcess.start(self._options, columns, lines)
        finally:
            self._coming -= 1
        self._begun += 1
        session = Session(self._begun, process, debug=self._debug)
        self._known[session.id] = session
        log.write(f"session {session.number} begun, pid {process.pid}, from {log.harmless(peer)}")
        self._keep(self._follow(session))
        return session, False

    def attach(self, session: Session, page: WebSocketResponse) -> None:
        """Show a session on this page. One that showed it is closed, which may take a while if it is gone."""
        before = session.attach(page)
        if before is not None:
            self._keep(_close(before, TAKEN_OVER))

    def detach(self, session: Session, page: WebSocketResponse) -> None:
        """Take a session off this page, and end it unless a page comes back in time."""
        session.detach(page, self.end_soon)

    def end_soon(self, session: Session) -> None:
        """End a session. No page gets it any more."""
        if self._known.pop(session.id, None) is not None:
            self._keep(session.process.end())

    async def end_all(self) -> None:
        """End every session, and wait until all of them are over."""
        for session in list(self._known.values()):
            self.end_soon(session)
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def kill_all(self) -> None:
        """Kill what is left at once."""
        for session in self._all:
            session.process.kill()

    async def _follow(self, session: Session) -> None:
        """Draw until the process ends by itself or is ended."""
        self._all.add(session)
        try:
            await session.draw()
            self._known.pop(session.id, None)
            await session.close(await session.process.end())
        finally:
            self._all.discard(session)

    def _keep(self, work: Coroutine[None, None, object]) -> None:
        """Carry on with some work; the loop itself keeps no reference to it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _close(page: WebSocketResponse, code: int) -> None:
    with suppress(ConnectionError):
        await page.close(code=code)
