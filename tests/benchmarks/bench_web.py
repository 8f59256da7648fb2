"""The terminal UI in a browser against the same in a terminal, in one run.

``python -m tests.benchmarks.bench_web``. A key: from its press to the arrival of what it draws, on a
pseudo-terminal and through front and websocket, in turns; and in Chromium, from the press to the end of the
frame in which the page changed, against the pseudo-terminal and one frame of the browser. Memory: of a
session, and of the same UI in a terminal. The end: seconds from a closed tab until its process is gone.
Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from sloth_tui.demo.filling import fill
from sloth_tui.model import Origin
from tests.benchmarks.terminal import Terminal
from tests.web.chromium import Chromium, is_installed
from tests.web.driving import pids, program

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = 40
SIZE = (140, 40)
_QUIET_SECONDS = 0.15
"""After each key, so that nothing of it is taken for the next."""
_MEASURE = """
const [code] = arguments;
const area = document.querySelector('.xterm-helper-textarea');
const frame = () => new Promise(requestAnimationFrame);
// The terminal changes its elements in the callback of a frame: a message sent then comes after the frame.
const drawn = () => new Promise((done) => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(0);
});
const rows = document.querySelector('.xterm-rows');
const press = (code) => area.dispatchEvent(new KeyboardEvent('keydown', {
  key: code === 40 ? 'ArrowDown' : 'ArrowUp', keyCode: code, bubbles: true, cancelable: true}));
const painted = (code) => new Promise((done) => {
  const began = performance.now();
  const watch = new MutationObserver(async () => {
    watch.disconnect();
    await drawn();
    done(performance.now() - began);
  });
  watch.observe(rows, {subtree: true, childList: true, characterData: true, attributes: true});
  press(code);
});
const time = await painted(code);
await frame();
const began = performance.now();
await frame();
await frame();
return [time, (performance.now() - began) / 2];
"""


def say(name: str, ratio: float, goal: float, words: str) -> None:
    verdict = "ok" if ratio <= goal else "MISSED"
    print(f"{name:52} {ratio:5.2f}  (goal {goal:g}, {verdict})  {words}", flush=True)


def ms(times: Sequence[float]) -> float:
    return 1e3 * statistics.median(times)


def proportional(pid: int) -> float:
    """MiB of memory of a process; what it shares is divided among those that share it."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024


class Websocket:
    """A session without a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def settle(self) -> None:
        while True:
            try:
                await self._socket.receive(timeout=_QUIET_SECONDS)
            except TimeoutError:
                return

    async def key(self, data: bytes) -> float:
        """Seconds until the first that a key draws."""
        began = time.perf_counter()
        await self._socket.send_bytes(data)
        while (await self._socket.receive()).type != aiohttp.WSMsgType.BINARY:
            pass
        return time.perf_counter() - began


async def keys(address: str, terminal: Terminal) -> tuple[list[float], list[float]]:
    """Press keys in turns; return the times on the terminal, and through the websocket."""
    url, _, token = address.partition("#")
    on_terminal, on_page = [], []
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{url}socket", protocols=["sloth", f"token.{token}"], origin=url.rstrip("/")
        ) as socket,
    ):
        await socket.send_str(json.dumps(["begin", *SIZE]))
        page = Websocket(socket)
        await asyncio.sleep(2)
        await page.settle()
        for number in range(KEYS):
            data = b"\x1b[A" if number % 2 else b"\x1b[B"
            await page.settle()
            on_page.append(await page.key(data))
            pressed = terminal.type(data)
            on_terminal.append(terminal.painted(lambda _: True, pressed))
    return on_terminal, on_page


def run(directory: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "SLOTH_RUNNER_HOME": str(directory / "base"),
        "TERM": "xterm-256color",
    }
    os.environ.update(environment)
    fill(Origin("ana", "bench", os.getpid(), "sloth-tui", "sample state"), time.time())
    argv = [sys.executable, "-m", "sloth_tui", "tui"]
    with program() as (address, log, _), Terminal(argv, environment, *SIZE) as terminal:
        terminal.painted(lambda lines: " Keys " in lines[1], terminal.started)
        on_terminal, on_page = asyncio.run(keys(address, terminal))
        say(
            "key to first bytes, websocket / terminal",
            ms(on_page) / ms(on_terminal),
            1.3,
            f"{ms(on_page):.1f} ms against {ms(on_terminal):.1f} ms",
        )
        if is_installed():
            in_chromium(directory, address, log, terminal)
        else:
            print("without Chromium nothing is painted: tests/setup.sh installs it")


def in_chromium(directory: Path, address: str, log: list[str], terminal: Terminal) -> None:
    with Chromium(directory) as browser:
        browser.open(address)
        time.sleep(4)
        pages, frames, terminals = [], [], []
        for number in range(KEYS):
            time.sleep(_QUIET_SECONDS)
            page, frame = browser.run(_MEASURE, 38 if number % 2 else 40)
            pages.append(page)
            frames.append(frame)
            pressed = terminal.type(b"\x1b[A" if number % 2 else b"\x1b[B")
            terminals.append(terminal.painted(lambda _: True, pressed))
        painted, frame, other = statistics.median(pages), statistics.median(frames), ms(terminals)
        say(
            "key to painted, Chromium / (terminal + its frame)",
            painted / (other + frame),
            1.3,
            f"{painted:.1f} ms against {other:.1f} + {frame:.1f} ms",
        )
        session = pids(log)[-1]
        mine, its = proportional(session), proportional(terminal.pid)
        say("memory, session / terminal", mine / its, 1.1, f"{mine:.1f} MiB against {its:.1f} MiB, PSS")
        browser.new_tab()
        first = browser.tabs()[0]
        browser.go_to(first)
        browser.close_tab()
        began = time.perf_counter()
        while os.path.exists(f"/proc/{session}"):
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        say("seconds from a closed tab to no process", seconds, 15, f"{seconds:.1f} s")
        browser.go_to(browser.tabs()[0])


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        run(Path(directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
