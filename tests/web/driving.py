"""The program ``sloth-runner web``, and what a person sees and does on its page."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import aiohttp

from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.chromium import Chromium


class Page:
    """What a person sees of the terminal, and does."""

    def __init__(self, browser: Chromium) -> None:
        self._browser = browser
        self.press = browser.press

    def screen(self) -> str:
        text = self._browser.run("return document.querySelector('.xterm-rows')?.innerText ?? ''")
        return str(text).replace("\xa0", " ")

    def sees(self, *wanted: str) -> str:
        """Wait until all of this is on the screen; return the screen."""
        try:
            return wait_until(lambda: self._with(wanted))
        except AssertionError:
            raise AssertionError(f"{wanted} is not on\n{self.screen()}") from None

    def _with(self, wanted: tuple[str, ...]) -> str:
        screen = self.screen()
        return screen if all(text in screen for text in wanted) else ""

    def shows(self, element: str, words: str) -> None:
        """Wait until an element of the page, outside of the terminal, is visible and holds these words."""
        script = "const e = document.querySelector(arguments[0]); return e.checkVisibility() && e.innerText"
        wait_until(lambda: words in str(self._browser.run(script, element)), what=words)

    def hides(self, element: str) -> None:
        script = "return !document.querySelector(arguments[0]).checkVisibility()"
        wait_until(lambda: self._browser.run(script, element), what=element)

    def asks_before_it_goes(self) -> bool:
        """True if the browser would ask whether the page may be left."""
        script = "return !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
        return bool(self._browser.run(script))

    def cell(self, text: str) -> tuple[int, int]:
        """Return where in the window this text begins, in pixels."""
        script = """
        const rows = [...document.querySelectorAll('.xterm-rows > div')];
        const [text, columns] = arguments;
        const row = rows.find((row) => row.textContent.includes(text));
        const box = row.getBoundingClientRect();
        const x = box.left + (row.textContent.indexOf(text) + 0.5) * box.width / columns;
        return [x, box.top + box.height / 2];
        """
        columns = max(len(line) for line in self.screen().splitlines())
        x, y = self._browser.run(script, text, columns)
        return round(x), round(y)


@contextmanager
def program(*words: str, code: int = 130) -> Iterator[tuple[str, list[str], subprocess.Popen[str]]]:
    """Run ``sloth-runner web``; give its address, the lines of its log so far, and the process. It is to end
    with ``code``."""
    started = subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", "web", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stderr is not None
    log: list[str] = []
    with closing(started.stdout), closing(started.stderr) as stderr:
        reader = threading.Thread(target=lambda: log.extend(iter(stderr.readline, "")))
        reader.start()
        try:
            yield started.stdout.readline().strip(), log, started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGINT)
            assert started.wait(60) == code
            reader.join()


def pids(log: list[str]) -> list[int]:
    return [int(pid) for pid in re.findall(r"begun, pid (\d+)", "".join(log))]


async def talk(address: str, keys: bytes, *, wanted: bytes, size: tuple[int, int] = (100, 30)) -> bytes:
    """Open a session as the page does, press keys once there is a picture, and return what was drawn when
    ``wanted`` is part of it."""
    url, _, token = address.partition("#")
    origin, drawn = url.rstrip("/"), b""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{url}socket", protocols=["sloth", f"token.{token}"], origin=origin) as socket,
    ):
        await socket.send_str(json.dumps(["begin", *size]))
        async with asyncio.timeout(A_MINUTE):
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY:
                    if not drawn and keys:
                        await socket.send_bytes(keys)
                    drawn += message.data
                if wanted in drawn:
                    break
    assert wanted in drawn
    return drawn
