"""Drive Debian's Chromium by the WebDriver protocol: https://www.w3.org/TR/webdriver2/."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

MISSING = "no Chromium and chromedriver: tests/setup.sh installs them as root, by apt"
KEYS = {
    "backspace": "\ue003",
    "escape": "\ue00c",
    "enter": "\ue007",
    "f5": "\ue035",
    "control": "\ue009",
    "down": "\ue015",
}
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--disable-dev-shm-usage",
    "--disable-3d-apis",  # the terminal draws by elements, which can be read
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)


def is_installed() -> bool:
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Chromium:
    """One browser, with its tabs; ``drawn`` uses WebGL, as people's browsers do."""

    def __init__(self, directory: Path, *, drawn: bool = False, size: tuple[int, int] = (1280, 800)) -> None:
        self._directory = directory
        self._flags = [flag for flag in _FLAGS if not (drawn and flag == "--disable-3d-apis")]
        self._flags += [f"--window-size={size[0]},{size[1]}"]

    def __enter__(self) -> Self:
        home = {"HOME": str(self._directory), "XDG_CONFIG_HOME": str(self._directory)}
        log = open(self._directory / "chromedriver.log", "w+b")
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            env={**os.environ, **home, "TMPDIR": str(self._directory)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self._url = f"http://127.0.0.1:{wait_until(self._port, what='the port of chromedriver')}"
        options = {
            "args": [*self._flags, f"--user-data-dir={self._directory / 'profile'}"],
            "binary": shutil.which("chromium"),
        }
        wanted = {"goog:chromeOptions": options}
        try:
            made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except BaseException:
            self._kill()
            raise
        self._url += f"/session/{made['sessionId']}"
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._kill()

    def _port(self) -> str:
        told = (self._directory / "chromedriver.log").read_text()
        return told.partition("successfully on port ")[2].partition(".")[0] if ".\n" in told else ""

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._driver.pid, signal.SIGKILL)
        self._driver.wait()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=A_MINUTE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, address: str) -> None:
        self._ask("POST", "/url", {"url": address})

    def address(self) -> str:
        return str(self._ask("GET", "/url"))

    def reload(self) -> None:
        self._ask("POST", "/refresh")

    def resize(self, width: int, height: int) -> None:
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def new_tab(self) -> str:
        """Open another tab and go there; return its handle."""
        tab = str(self._ask("POST", "/window/new", {"type": "tab"})["handle"])
        self.go_to(tab)
        return tab

    def tab(self) -> str:
        return str(self._ask("GET", "/window"))

    def tabs(self) -> list[str]:
        return list(self._ask("GET", "/window/handles"))

    def go_to(self, tab: str) -> None:
        self._ask("POST", "/window", {"handle": tab})

    def close_tab(self) -> None:
        self._ask("DELETE", "/window")

    def run(self, script: str, *arguments: object) -> Any:
        """Return what a function body returns; a promise is waited for."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def permit(self, name: str, state: str) -> None:
        """Answer the page's wish for a permission: ``granted`` or ``denied``."""
        self._ask("POST", "/permissions", {"descriptor": {"name": name}, "state": state})

    def press(self, *keys: str, control: bool = False) -> None:
        """Press and release keys, one after the other."""
        acts = []
        for key in keys:
            value = KEYS.get(key, key)
            acts += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        if control:
            held = {"value": KEYS["control"]}
            acts = [{"type": "keyDown", **held}, *acts, {"type": "keyUp", **held}]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": acts}]})

    def click(self, x: int, y: int) -> None:
        """Click at a place of the window, in pixels."""
        acts = [
            {"type": "pointerMove", "duration": 0, "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": acts}]})

    def picture(self) -> bytes:
        """Return the window as PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))
