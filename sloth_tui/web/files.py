"""The files of the page: a table of exact paths, read once. No request reaches the file system."""

from __future__ import annotations

from pathlib import Path

from sloth_tui.errors import SlothError

_OWN = Path(__file__).with_name("page")
_TERMINAL = Path(__file__).with_name("assets")
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}

FILES = {
    "/": _OWN / "index.html",
    "/page.js": _OWN / "page.js",
    "/page.css": _OWN / "page.css",
    "/xterm.mjs": _TERMINAL / "xterm.mjs",
    "/xterm.css": _TERMINAL / "xterm.css",
    "/addon-fit.mjs": _TERMINAL / "addon-fit.mjs",
    "/addon-unicode11.mjs": _TERMINAL / "addon-unicode11.mjs",
    "/addon-webgl.mjs": _TERMINAL / "addon-webgl.mjs",
}


def load_files() -> dict[str, tuple[bytes, str]]:
    """Return path -> content and its media type. Raises SlothError if files of the terminal are missing."""
    try:
        return {path: (file.read_bytes(), _KINDS[file.suffix]) for path, file in FILES.items()}
    except FileNotFoundError as error:
        raise SlothError(
            f"{Path(str(error.filename)).name}, a file of the page, is not installed",
            hint="in a clone of the source: make web-assets",
        ) from None
