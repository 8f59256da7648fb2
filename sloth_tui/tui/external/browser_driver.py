"""A driver whose terminal is a page in a web browser: it talks to the front of ``sloth-runner web``.

Both directions are packets: one byte for the kind, four for the length (big endian), and the payload. ``D``
is what a terminal would send or get; ``M`` is an object in JSON, with a ``type``. To the app come ``resize``
(with ``width`` and ``height``), ``attach`` (a terminal that is empty yet) and ``quit``; from it come
``unsaved`` (with ``value``, true if something is lost when it ends now) and ``exit``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.drivers.web_driver import WebDriver
from textual.events import Resize
from textual.geometry import Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

_FOCUS_REPORTS = "\x1b[?1004h"
_ALTERNATE_SCREEN = "\x1b[?1049h"
_HIDE_CURSOR = "\x1b[?25l"


class BrowserDriver(WebDriver):
    """Draws on a page. The app ends with its front, and no signal handlers of the framework are installed."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._write = self._write_all  # type: ignore[assignment]
        self._told = False

    def start_application_mode(self) -> None:
        self._set_modes()
        width, height = self._size or (80, 24)
        self._post(self._resized, width, height)
        self._request_terminal_sync_mode_support()
        self._key_thread.start()

    def write(self, data: str) -> None:
        super().write(data)
        # What puts something at stake, or saves it, is drawn as well.
        unsaved = bool(getattr(self._app, "unsaved", False))
        if unsaved != self._told:
            self._told = unsaved
            self.write_meta({"type": "unsaved", "value": unsaved})

    def run_input_thread(self) -> None:
        """Read packets until the front closes its end; then the app ends."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._post(self._app.exit)

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        if packet_type == "resize":
            self._post(self._resized, payload["width"], payload["height"])
        elif packet_type == "attach":
            self._post(self._draw_anew)
        elif packet_type == "quit":
            # Not by a message, as the framework does: widgets that are still being made must know of it.
            self._post(self._app.exit)

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Do nothing: no page is opened because a value holds its address."""

    def deliver_binary(self, *_: Any, **__: Any) -> None:
        """Do nothing: no file is sent to a browser."""

    def _post(self, act: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the app has ended, and its loop is closed
            self._loop.call_soon_threadsafe(act, *arguments)

    def _set_modes(self) -> None:
        self.write(_ALTERNATE_SCREEN + _HIDE_CURSOR + _FOCUS_REPORTS)
        self._enable_mouse_support()
        self._enable_bracketed_paste()

    def _draw_anew(self) -> None:
        self._set_modes()
        self._app.refresh(layout=True)

    def _resized(self, width: int, height: int) -> None:
        self._size = (width, height)
        size = Size(width, height)
        self._app.post_message(Resize(size, size))

    def _write_all(self, data: bytes) -> None:
        """Write to the front, which may be gone: then the end of the input says so."""
        with suppress(OSError):
            while data:
                data = data[os.write(self.fileno, data) :]
