"""Open the page in the person's browser, for ``--open``."""

from __future__ import annotations

import html
import os
import tempfile
import webbrowser
from contextlib import suppress

from sloth_tui.threads import Thread
from sloth_tui.web import log

_PAGE = '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">\
<meta http-equiv="refresh" content="0; url={address}"><a href="{address}">sloth_tui</a>\n'


class OpeningPage:
    """A file that only its owner can read, and that leads a browser to the address.

    The address would be in the arguments of the browser otherwise, which every user of the machine can see.
    """

    def __init__(self, address: str) -> None:
        descriptor, self._path = tempfile.mkstemp(prefix="sloth-web-", suffix=".html")
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(address=html.escape(address)))
        # Some browsers do not come back before they are closed.
        Thread(self._open, "browser").start()

    def remove(self) -> None:
        with suppress(OSError):
            os.unlink(self._path)

    def _open(self) -> None:
        try:
            opened = webbrowser.open(f"file://{self._path}")
        except (OSError, webbrowser.Error):
            opened = False
        if not opened:
            log.write("no browser could be opened: open the address yourself")
