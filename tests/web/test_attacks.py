"""Each way in that is known is refused, and open once the check it is for is switched off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.web import front, sessions
from sloth_tui.web.guard import (
    CHECKS,
    check_host,
    check_method,
    check_origin,
    check_room,
    check_site,
    check_target,
    check_token,
)
from tests.web.support import TOKEN, Served, Socket, serving, stand_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sloth_tui.web.guard import Check
    from tests.web.support import Answer


class Attack(NamedTuple):
    name: str
    check: Check
    status: int
    act: Callable[[Served], Awaitable[Answer]]


def _rebound(front: Served) -> str:
    return f"rebind.test:{front.place.port}"


PAGES = [
    Attack("DNS rebinding", check_host, 421, lambda it: it.get(Host=_rebound(it))),
    Attack(
        "another name of loopback", check_host, 421, lambda it: it.get(Host=f"LOCALHOST.:{it.place.port}")
    ),
    Attack("another port", check_host, 421, lambda it: it.get(Host="127.0.0.1:1")),
    Attack("no port", check_host, 421, lambda it: it.get(Host="127.0.0.1")),
    Attack(
        "a name with ours", check_host, 421, lambda it: it.get(Host=f"127.0.0.1.evil.test:{it.place.port}")
    ),
    Attack("no host, in HTTP/1.0", check_host, 421, lambda it: it.ask("GET / HTTP/1.0\r\n\r\n")),
    Attack("as to a proxy", check_target, 421, lambda it: it.get("http://evil.test/")),
    Attack("POST", check_method, 403, lambda it: it.get(method="POST")),
    Attack("a page of another site", check_site, 403, lambda it: it.get(Sec_Fetch_Site="cross-site")),
    Attack("a page of another port", check_site, 403, lambda it: it.get(Sec_Fetch_Site="same-site")),
    Attack(
        "a frame in a page of another site",
        check_site,
        403,
        lambda it: it.get(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe"),
    ),
]
"""They get the page if they succeed."""

SOCKETS = [
    Attack(
        "DNS rebinding",
        check_host,
        421,
        lambda it: it.knock(Host=_rebound(it), Origin=f"http://{_rebound(it)}"),
    ),
    Attack("another page", check_origin, 403, lambda it: it.knock(Origin="http://evil.test")),
    Attack("another port", check_origin, 403, lambda it: it.knock(Origin="http://127.0.0.1:1")),
    Attack("no origin", check_origin, 403, lambda it: it.knock(Origin=None)),
    Attack("a page without one", check_origin, 403, lambda it: it.knock(Origin="null")),
    Attack("https", check_origin, 403, lambda it: it.knock(Origin=f"https://{it.host}")),
    Attack(
        "localhost for 127.0.0.1",
        check_origin,
        403,
        lambda it: it.knock(Origin=f"http://localhost:{it.place.port}"),
    ),
    Attack("a longer name", check_origin, 403, lambda it: it.knock(Origin=f"{it.origin}.evil.test")),
    Attack("no token", check_token, 401, lambda it: it.knock(protocols="sloth")),
    Attack("no protocol", check_token, 401, lambda it: it.knock(protocols="")),
    Attack("a wrong token", check_token, 401, lambda it: it.knock(protocols=f"sloth, token.{TOKEN[:-1]}")),
    Attack("a token in another alphabet", check_token, 401, lambda it: it.knock(protocols="token.\xe9")),
    Attack(
        "the token in the query", check_token, 401, lambda it: it.knock(f"/socket?token={TOKEN}", "sloth")
    ),
    Attack(
        "the token as a cookie",
        check_token,
        401,
        lambda it: it.knock(protocols="sloth", Cookie=f"token={TOKEN}"),
    ),
]
"""They see the terminal UI if they succeed."""

PATHS = [
    "/../etc/passwd",
    "/%2e%2e/etc/passwd",
    "/..%2fetc%2fpasswd",
    "/page.js/../../session.py",
    "/..\\session.py",
    "/%5c..%5csession.py",
    "/page.js%00.html",
    "//page.js",
    "/./page.js",
    "/session.py",
    "/assets/xterm.mjs",
    "/PAGE.JS",
]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    monkeypatch.setattr(front, "WRONG_TOKEN_SECONDS", 0.0)


def without(check: Check) -> list[Check]:
    return [other for other in CHECKS if other is not check]


async def test_every_attack_on_the_page_is_refused_by_one_check(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving() as guarded:
        assert (await guarded.get()).status == 200
        for attack in PAGES:
            assert (attack.name, (await attack.act(guarded)).status) == (attack.name, attack.status)
    for check in {attack.check for attack in PAGES}:
        async with serving(without(check)) as open_to:
            for attack in (attack for attack in PAGES if attack.check is check):
                answer = await attack.act(open_to)
                assert (attack.name, answer.status) == (attack.name, 200)
                assert "the page" in answer.body
    assert capsys.readouterr().err.count("refused, ") == len(PAGES)


async def test_every_attack_on_the_websocket_is_refused_by_one_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving() as guarded:
        for attack in SOCKETS:
            assert (attack.name, (await attack.act(guarded)).status) == (attack.name, attack.status)
        assert not guarded.sessions.full
    log = capsys.readouterr().err
    assert log.count("refused, ") == len(SOCKETS)
    assert "begun" not in log
    assert TOKEN not in log
    for check in {attack.check for attack in SOCKETS}:
        async with serving(without(check)) as open_to:
            for attack in (attack for attack in SOCKETS if attack.check is check):
                socket = Socket(await attack.act(open_to))
                await socket.begin()
                await socket.draws(b"THE TUI")
                await socket.send(b"q")
                await socket.send(b"", kind=8)
                socket.drop()
                await _end_all(open_to)


async def _end_all(served: Served) -> None:
    """Make room: there may not be more sessions than a few."""
    await served.sessions.end_all()


async def test_the_id_of_a_session_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for checks, status in ((CHECKS, 401), (without(check_token), 101)):
        async with serving(checks) as served:
            mine = Socket(await served.knock())
            await mine.begin()
            _, session, _ = await mine.says("session")
            theirs = await served.knock(protocols=f"sloth, session.{session}")
            assert theirs.status == status
            if status == 101:
                other = Socket(theirs)
                await other.begin()
                assert await other.says("session") == ["session", session, True]
                assert await mine.closes() == sessions.TAKEN_OVER
                other.drop()
            else:
                await mine.send(b"still mine")
                await mine.draws(b"still mine")
            mine.drop()


async def test_there_are_not_more_sessions_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LIMIT", 2)
    for checks, status in ((CHECKS, 503), (without(check_room), 101)):
        async with serving(checks) as served:
            open_ones = [Socket(await served.knock()) for _ in range(2)]
            for socket in open_ones:
                await socket.begin()
            _, session, _ = await open_ones[0].says("session")
            await open_ones[1].says("session")
            another = await served.knock()
            assert another.status == status
            assert (await served.get("/socket", Authorization=f"Bearer {TOKEN}")).status in (503, 204)
            back = Socket(await served.knock(protocols=f"sloth, token.{TOKEN}, session.{session}"))
            await back.begin()
            assert await back.says("session") == ["session", session, True]
            another.writer.close()
            for socket in (*open_ones, back):
                socket.drop()


async def test_no_path_leads_to_a_file_that_is_not_in_the_table() -> None:
    nothing: tuple[Check, ...] = ()
    for checks in (CHECKS, nothing):
        async with serving(checks) as served:
            for path in PATHS:
                assert (path, (await served.get(path)).status) == (path, 404)


async def test_requests_that_can_be_read_in_two_ways_are_not_read() -> None:
    async with serving([]) as served:
        for request in (
            served.request(host="evil.test"),
            "GET / HTTP/1.1\r\n\r\n",
            served.request(method="POST", Content_Length="3", Transfer_Encoding="chunked") + "0\r\n\r\n",
        ):
            answer = await served.ask(request)
            assert answer.status == 400
            assert answer.headers["Server"] == "sloth-runner"


async def test_the_right_token_is_never_refused_however_many_wrong_ones_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front, "WRONG_TOKEN_SECONDS", 3600.0)
    async with serving() as served:
        wrong = [asyncio.ensure_future(served.knock(protocols=f"token.{n}")) for n in range(40)]
        socket = Socket(await served.knock())
        await socket.begin()
        await socket.draws(b"THE TUI")
        assert not any(guess.done() for guess in wrong)
        for guess in wrong:
            guess.cancel()
        socket.drop()


async def test_malformed_messages_close_the_websocket_and_nothing_else() -> None:
    nested = b"[" * 100_000
    async with serving() as served:
        for first in (
            b"",
            b"{}",
            b"[]",
            b'["begin"]',
            b'["begin", 80, "24"]',
            b'["begin", true, 24]',
            b'["begin", 1e3, 2]',
            nested,
        ):
            socket = Socket(await served.knock())
            await socket.send(first, kind=1)
            assert (first[:20], await socket.closes()) == (first[:20], 1003)
        assert not served.sessions._known
        socket = Socket(await served.knock())
        await socket.send(b"keys before the beginning")
        assert await socket.closes() == 1003
        for later, code in ((b'["begin", 80, 24]', 1003), (b"\xff", 1007), (b'["quit"]', 1003)):
            socket = Socket(await served.knock())
            await socket.begin()
            await socket.says("session")
            await socket.send(later, kind=1)
            assert (later, await socket.closes()) == (later, code)
            await _end_all(served)
        socket = Socket(await served.knock())
        await socket.begin()
        await socket.draws(b"THE TUI")
        await socket.send(bytes(2 * 1024 * 1024))
        assert await socket.closes() == 1009
        assert (await served.get()).status == 200


async def test_sizes_stay_within_bounds() -> None:
    async with serving() as served:
        socket = Socket(await served.knock())
        await socket.begin()
        await socket.say("resize", 10**30, -5)
        await socket.draws(b'"width": 500, "height": 10')
        socket.drop()


async def test_a_page_gets_what_is_drawn_and_nothing_that_the_app_asks_of_a_browser() -> None:
    async with serving() as served:
        socket = Socket(await served.knock())
        await socket.begin()
        await socket.draws(b"THE TUI")
        assert socket.drawn == b"THE TUI"
        assert [words[0] for words in socket.said] == ["session", "unsaved"]
        socket.drop()


async def test_every_answer_forbids_a_page_what_it_does_not_need() -> None:
    async with serving() as served:
        for answer in (await served.get(), await served.get("/absent"), await served.knock()):
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Server"] == "sloth-runner"
            assert "Set-Cookie" not in answer.headers
            answer.writer.close()


async def test_the_log_holds_strangers_text_only_made_harmless_and_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving() as served:
        await served.get(f"/%1b[31m'<b>{'x' * 2000}")
        await served.get(f"/{TOKEN}?token={TOKEN}")
    first, second = capsys.readouterr().err.splitlines()
    assert first.isascii()
    assert "GET /%1b[31m'<b>xxx" in first
    assert len(first) < 200
    assert second.endswith("127.0.0.1: GET /...")
