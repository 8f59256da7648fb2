"""Sessions: who gets which, and how they end."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.web import process, sessions
from tests.servers.certificates import Authority
from tests.tui.driving import until
from tests.web.support import TOKEN, Socket, serving, stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.support import Served

IGNORES_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


async def begun(served: Served, session: str = "") -> tuple[Socket, str]:
    """Open a page; return its end of the websocket, and the id of its session."""
    more = f", session.{session}" if session else ""
    socket = Socket(await served.knock(protocols=f"sloth, token.{TOKEN}{more}"))
    await socket.begin()
    _, id_, resumed = await socket.says("session")
    assert resumed is bool(session)
    return socket, str(id_)


def pids(served: Served) -> list[int]:
    return [session.process.pid for session in served.sessions._all]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_each_page_has_a_process_of_its_own_that_gets_what_is_typed() -> None:
    async with serving() as served:
        (one, first), (other, second) = await begun(served), await begun(served)
        assert first != second
        assert len(set(pids(served))) == 2
        assert all(os.getpgid(pid) == os.getsid(pid) == pid for pid in pids(served))
        await one.send("é".encode())
        await one.draws("got D\0\0\0\2é".encode())
        await other.say("resize", 100, 40)
        await other.draws(b'{"type": "resize", "width": 100, "height": 40}')
        assert b"got D" not in other.drawn
        one.drop()
        other.drop()


async def test_a_page_that_is_gone_ends_its_session_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "GRACE_SECONDS", 0.05)
    async with serving() as served:
        socket, _ = await begun(served)
        (pid,) = pids(served)
        socket.drop()
        await until(lambda: is_gone(pid))
        await until(lambda: not served.sessions._all)


async def test_a_page_that_comes_back_in_time_gets_its_session_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as served:
        socket, session = await begun(served)
        (pid,) = pids(served)
        socket.drop()
        for _ in range(3):
            back, _ = await begun(served, session)
            await back.draws(b'"attach"')
            assert pids(served) == [pid]
            back.drop()


async def test_an_unknown_session_is_a_new_one() -> None:
    async with serving() as served:
        socket = Socket(await served.knock(protocols=f"sloth, token.{TOKEN}, session.unheard-of"))
        await socket.begin()
        assert (await socket.says("session"))[2] is False
        socket.drop()


async def test_a_second_page_takes_the_session_over() -> None:
    async with serving() as served:
        first, session = await begun(served)
        second, _ = await begun(served, session)
        assert await first.closes() == sessions.TAKEN_OVER
        await second.send(b"mine")
        await second.draws(b"mine")
        second.drop()


async def test_a_session_that_ended_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, extra="os.write(2, b'Traceback: x\\nerror: config.toml: \\x1b]no\\n'); os._exit(2)")
    async with serving() as served:
        socket = Socket(await served.knock())
        await socket.begin()
        kind, why = await socket.says("ended")
        assert await socket.closes() == sessions.ENDED
    assert (kind, why) == ("ended", "error: config.toml: ␛]no")
    assert "Traceback" not in capsys.readouterr().err


async def test_where_no_process_can_be_started_the_page_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/absent/python")
    async with serving() as served:
        socket = Socket(await served.knock())
        await socket.begin()
        assert await socket.says("ended") == ["ended", "error: No such file or directory"]
        assert await socket.closes() == 1013
        assert not served.sessions.full


@pytest.mark.parametrize("extra", ["", IGNORES_SIGTERM])
async def test_what_does_not_quit_is_ended_by_force(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PATIENCE_SECONDS", 0.1)
    stand_in(monkeypatch, extra=f"{extra}\nif not os.fork(): signal.pause()", quits=False)
    # It goes on after the end of its input, too.
    endless = process._PROGRAM[-1].replace(
        "while data := os.read(0, 65536):", "while True:\n    data = os.read(0, 9)"
    )
    monkeypatch.setattr(process, "_PROGRAM", ("-I", "-S", "-c", endless))
    async with serving() as served:
        socket, _ = await begun(served)
        await socket.draws(b"THE TUI")
        (pid,) = pids(served)
        socket.drop()
    await until(lambda: is_gone(pid))
    await until(lambda: _no_group(pid))


def _no_group(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_page_that_takes_nothing_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the app draws waits in the pipe, and the session ends although it does."""
    monkeypatch.setattr(sessions, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(process, "_PATIENCE_SECONDS", 0.1)
    stand_in(monkeypatch, extra="for _ in range(400): send(b'D', bytes(65536))")
    async with serving() as served:
        answer = await served.knock()
        socket = Socket(answer)
        await socket.begin()
        await until(lambda: served.sessions._all)
        (pid,) = pids(served)
        other, _ = await begun(served)
        socket.drop()
        other.drop()
        await until(lambda: is_gone(pid))
        await until(lambda: not served.sessions._all)


async def test_over_tls_only_pages_of_https_are_let_in(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    trusting = ssl._create_unverified_context()
    async with serving(tls=context) as served:

        async def knock(origin: str) -> int:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.place.port, ssl=trusting)
            handshake = served.request(
                "/socket",
                Origin=origin,
                Connection="Upgrade",
                Upgrade="websocket",
                Sec_WebSocket_Version="13",
                Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==",
                Sec_WebSocket_Protocol=f"token.{TOKEN}",
            )
            writer.write(handshake.encode())
            status = int((await reader.readline()).split()[1])
            writer.transport.abort()
            return status

        assert await knock(f"http://{served.host}") == 403
        assert await knock(f"https://{served.host}") == 101


async def test_another_name_is_let_in_where_it_is_given() -> None:
    async with serving(names=("sloth.test:9", "box.test")) as served:
        port = served.place.port
        for host, status in (("sloth.test:9", 200), (f"box.test:{port}", 200), (f"sloth.test:{port}", 421)):
            assert (host, (await served.get(Host=host)).status) == (host, status)
