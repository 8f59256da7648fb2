"""Start the front, print its address, and serve until the program is stopped."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError, UsageError
from sloth_tui.text import display_text
from sloth_tui.web import log
from sloth_tui.web.addresses import Place, in_url, is_everywhere, is_loopback
from sloth_tui.web.files import load_files
from sloth_tui.web.front import Front
from sloth_tui.web.opening import OpeningPage
from sloth_tui.web.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

_SHUTDOWN_SECONDS = 1.0


class Options(NamedTuple):
    """What ``sloth-runner web`` was asked for."""

    agent: str | None
    host: str
    port: int
    cert: str | None
    key: str | None
    names: tuple[str, ...]
    read_only: bool
    write: bool
    open: bool
    debug: bool


def serve(options: Options, announce: Callable[[str], None]) -> int:
    """Serve until a signal; return the exit code. ``announce`` gets the address with its token.

    Raises UsageError for addresses that are not safe, and SlothError if the front cannot be started.
    """
    local = is_loopback(options.host)
    if is_everywhere(options.host) and not options.names:
        raise UsageError(
            f"--host {options.host} is every address of this machine",
            hint="--name HOST says by which name browsers reach it",
        )
    tls = _tls(options, needed=not local)
    read_only = options.read_only or not (local or options.write)
    files = load_files()
    listening = _listen(options.host, options.port)
    name = options.names[0] if is_everywhere(options.host) else in_url(options.host)
    place = Place("https" if tls else "http", name, listening.getsockname()[1], options.names)
    for line in _told(local=local, read_only=read_only):
        log.write(line)
    sessions = Sessions(
        [*(["--read-only"] if read_only else []), *([f"--agent={options.agent}"] if options.agent else [])],
        debug=options.debug,
    )
    token = secrets.token_urlsafe(32)
    front = Front(place, token, files, sessions)
    with listening:
        return asyncio.run(_serve(front, sessions, listening, tls, f"{place.url}#{token}", options, announce))


async def _serve(
    front: Front,
    sessions: Sessions,
    listening: socket.socket,
    tls: ssl.SSLContext | None,
    address: str,
    options: Options,
    announce: Callable[[str], None],
) -> int:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if stopped.done():
            sessions.kill_all()
        else:
            stopped.set_result(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    server = front.server()
    listener = await loop.create_server(server, sock=listening, ssl=tls)
    announce(address)
    opening = OpeningPage(address) if options.open else None
    try:
        return await stopped
    finally:
        if opening is not None:
            opening.remove()
        listener.close()
        await sessions.end_all()
        await server.shutdown(_SHUTDOWN_SECONDS)


def _told(*, local: bool, read_only: bool) -> list[str]:
    """Return what the person should know before the address."""
    if read_only:
        return ["read-only: nothing can be changed in the browser"]
    if local:
        return []
    return ["--write: whoever has the address can change everything, and run any Lua file here as you"]


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises SlothError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(64)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SlothError(
            f"cannot listen on {display_text(in_url(host))}:{port}: {os.strerror(error.errno or 0)}",
            hint="--port 0 takes any free port",
        ) from None
    return listening


def _tls(options: Options, *, needed: bool) -> ssl.SSLContext | None:
    """Return what encrypts connections; None if nothing does. Raises UsageError if something must."""
    if (options.cert is None) != (options.key is None):
        raise UsageError("--cert and --key belong together")
    if options.cert is None:
        if needed:
            raise UsageError(
                f"--host {display_text(options.host)}: other machines reach it, so it needs --cert and --key",
                hint="or leave --host out, and on the other machine: ssh -L 8440:127.0.0.1:8440 THIS-HOST",
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password for an encrypted key, the library would ask for one in the middle of things.
        context.load_cert_chain(options.cert, options.key, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not a usable key"
        files = f"{options.cert}, {options.key}"
        raise UsageError(f"{display_text(files)}: {str(reason).lower().replace('_', ' ')}") from None
    return context
