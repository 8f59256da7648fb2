"""In Chromium: the terminal UI as people use it, and what pages of others can do."""

from __future__ import annotations

import asyncio
import http.server
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.store import open_store
from sloth_tui.web import front
from sloth_tui.web.files import load_files
from sloth_tui.web.guard import CHECKS, check_host, check_origin, check_site, check_token
from tests.support import rounds, wait_until
from tests.web.chromium import MISSING, Chromium, is_installed
from tests.web.driving import Page, pids, program
from tests.web.relay import Relay
from tests.web.support import TOKEN, serving, stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.web.guard import Check

pytestmark = [
    pytest.mark.long,
    pytest.mark.slow,
    pytest.mark.skipif(not (is_installed() or "CI" in os.environ), reason=MISSING),
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all of these tests: its start takes longer than they do."""
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def relay() -> Iterator[Relay]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    relay = Relay()
    asyncio.run_coroutine_threadsafe(relay.listen(), loop).result()
    try:
        yield Threadsafe(relay, loop)  # type: ignore[misc]
    finally:
        loop.call_soon_threadsafe(relay.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Threadsafe:
    """Calls the methods of an object in its loop."""

    def __init__(self, inner: object, loop: asyncio.AbstractEventLoop) -> None:
        self._inner, self._loop = inner, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return (lambda *values: self._loop.call_soon_threadsafe(found, *values)) if callable(found) else found


def test_the_terminal_ui_works_in_a_browser(chromium: Chromium, relay: Relay, base: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({"app:name": "sloth", "app:version": "v1 é 世界", "zebra": "stripes"})
    with program("--name", f"127.0.0.1:{relay.port}") as (address, log, _):
        relay.lead_to(int(address.split(":")[2].split("/")[0]))
        token = address.partition("#")[2]
        page = Page(chromium)
        chromium.open(f"http://127.0.0.1:{relay.port}/#{token}")
        page.sees("app:name", "stripes", "世界", "╭─ 1 Agents")
        assert token not in chromium.address()
        loaded = chromium.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert all(name.startswith(f"http://127.0.0.1:{relay.port}/") for name in loaded)

        # Keys, and what no browser can do is not offered.
        page.press("?")
        page.sees("j and k scroll", "Fold everything in this value")
        assert "$EDITOR" not in page.screen()
        assert "shell" not in page.screen()
        page.press("escape")
        page.press("f5")
        page.press("z", control=True)
        page.sees("stripes", "/ part of a key")

        # The mouse.
        chromium.click(*page.cell("zebra"))
        page.sees("string · 7 B", "│ zebra ")

        # Copy, and paste what was copied into the filter.
        chromium.permit("clipboard-write", "granted")
        page.press("Y")
        page.sees("copied the value of zebra")
        page.press("/")
        page.press("z")
        page.sees("1 of 3 keys")
        page.press("backspace")
        page.sees("/ part of a key")
        page.press("v", control=True)
        page.sees("0 of 3 keys", "││/ stripes")
        page.press("escape")
        page.sees("/ part of a key")
        chromium.permit("clipboard-write", "denied")
        page.press("y")
        page.shows("#copy", "Copy it from here")
        assert chromium.run("return document.querySelector('#copy textarea').value") == "app:name"
        page.press("escape")
        page.hides("#copy")
        page.press("/")
        page.press("z")
        page.sees("1 of 3 keys")

        # Sizes.
        chromium.resize(800, 500)
        page.sees("1 Agents  2 Keys  3 Detail", "─ 2 Keys 1 of 3 ─")
        chromium.resize(1280, 800)
        page.sees("╭─ 3 Detail", "1 of 3 keys")

        # A lost connection, and a page that is loaded again: the same process, with the same filter.
        relay.cut()
        page.shows("#note", "The connection is lost")
        relay.mend()
        page.hides("#note")
        page.sees("1 of 3 keys", "zebra")
        chromium.reload()
        page.sees("1 of 3 keys", "zebra", "╭─ 1 Agents")
        chromium.click(*page.cell("stripes"))
        page.press("n")
        page.sees("New key", "ctrl+s saves")
        assert len(pids(log)) == 1

        # What was typed is not lost by mistake.
        assert not page.asks_before_it_goes()
        page.press("x")
        wait_until(page.asks_before_it_goes)
        page.press("escape")
        page.sees("Not saved. esc again discards")
        page.press("escape")
        wait_until(lambda: not page.asks_before_it_goes())

        # Another tab is another session.
        first = chromium.tab()
        chromium.new_tab()
        chromium.open(address)
        page.sees("3 keys", "stripes")
        assert len(set(pids(log))) == 2
        page.press("q")
        page.shows("#over", "The session has ended.")
        chromium.close_tab()
        chromium.go_to(first)
        page.sees("1 of 3 keys")
    page.shows("#over", "The session has ended.")
    chromium.open("about:blank")
    assert all(not os.path.exists(f"/proc/{pid}") for pid in pids(log))


STRANGER = b"""<!doctype html><title>a stranger</title><iframe></iframe><script>
const opens = (address, protocols) => new Promise((done) => {
  const socket = new WebSocket(address, protocols);
  socket.onopen = () => socket.send('["begin", 80, 24]');
  socket.onmessage = async ({data}) => {
    if (data instanceof Blob && (await data.text()).includes("THE TUI")) done("seen");
  };
  socket.onclose = () => done("refused");
});
const fetches = (address) => fetch(address).then((answer) => answer.text(), () => "refused");
</script>"""


@contextmanager
def stranger() -> Iterator[int]:
    """Serve the page of somebody else; give its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(STRANGER)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


async def test_pages_of_others_see_nothing(
    chromium: Chromium, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch)
    monkeypatch.setattr(front, "WRONG_TOKEN_SECONDS", 0.0)

    async def look(checks: list[Check]) -> dict[str, str]:
        async with serving(checks, files=load_files()) as served:
            with stranger() as port:
                return await asyncio.to_thread(attack, served.place.port, port)

    def attack(ours: int, theirs: int) -> dict[str, str]:
        socket = f"ws://127.0.0.1:{ours}/socket"
        found = {}
        for name, page in (
            ("another port", f"http://127.0.0.1:{theirs}/"),
            ("another site", f"http://evil.test:{theirs}/"),
        ):
            chromium.open(page)
            found[name] = chromium.run("return opens(...arguments)", socket, ["sloth"])
            found[f"{name}, with the token"] = chromium.run(
                "return opens(...arguments)", socket, ["sloth", f"token.{TOKEN}"]
            )
            assert chromium.run("return fetches(arguments[0])", f"http://127.0.0.1:{ours}/") == "refused"
        chromium.open(f"http://rebind.test:{ours}/")
        found["rebinding"] = chromium.run("return document.title") or "refused"
        return found

    guarded = await look(list(CHECKS))
    assert set(guarded.values()) == {"refused"}
    assert len(guarded) == 5
    open_to_all = await look(
        [check for check in CHECKS if check not in (check_host, check_origin, check_site, check_token)]
    )
    assert open_to_all == {**dict.fromkeys(guarded, "seen"), "rebinding": "sloth_tui"}
    if rounds(0, 1):
        tokens_only = await look([check for check in CHECKS if check not in (check_origin, check_site)])
        assert {name for name, seen in tokens_only.items() if seen == "seen"} == {
            "another port, with the token",
            "another site, with the token",
        }
    await _opens_from_a_file(chromium, tmp_path)


async def _opens_from_a_file(chromium: Chromium, tmp_path: Path) -> None:
    """``--open`` leads there by a file. A page that knows no token says so, as does one with an old one."""
    async with serving(files=load_files()) as served:
        file = tmp_path / "open.html"
        file.write_text(f'<meta http-equiv="refresh" content="0; url={served.address}">')
        page = Page(chromium)
        await asyncio.to_thread(chromium.open, f"file://{file}")
        await asyncio.to_thread(page.sees, "THE TUI")
        await asyncio.to_thread(chromium.open, f"{served.place.url}#old")
        await asyncio.to_thread(page.shows, "#over", "The token is not valid.")
        await asyncio.to_thread(chromium.new_tab)
        await asyncio.to_thread(chromium.open, served.place.url)
        await asyncio.to_thread(page.shows, "#over", "This address has no token.")
        await asyncio.to_thread(chromium.open, "about:blank")
