"""``sloth-runner web`` from outside: what it refuses to do, and what it tells."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.web import files
from sloth_tui.web.addresses import Place
from tests.cli.support import piped
from tests.servers.certificates import Authority
from tests.support import wait_until
from tests.web.driving import program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--port 70000", "--port: '70000' is no port: 0 to 65535"),
        ("--read-only --write", "--read-only and --write exclude each other"),
        ("--host 0.0.0.0 --cert c --key k", "--host 0.0.0.0 is every address of this machine"),
        ("--host 192.0.2.7", "--host 192.0.2.7: other machines reach it, so it needs --cert and --key"),
        ("--host nowhere.invalid", "--host: there is no host 'nowhere.invalid'"),
        ("--cert c.pem", "--cert and --key belong together"),
        ("--cert absent.pem --key absent.key", "absent.pem, absent.key: no such file or directory"),
        ("--name a/b", "--name: 'a/b' is no HOST or HOST:PORT"),
        ("--name user@host", "--name: 'user@host' is no HOST or HOST:PORT"),
    ],
)
def test_what_is_not_safe_or_makes_no_sense_is_refused(words: str, error: str) -> None:
    done = piped("web", *words.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[0] == f"error: {error}"


def test_a_port_in_use_and_an_agent_that_cannot_be_are_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = piped("web", "--port", str(port))
    assert done.code == 1
    assert done.err.splitlines() == [
        f"error: cannot listen on 127.0.0.1:{port}: Address already in use",
        "hint: --port 0 takes any free port",
    ]
    assert piped("web", "--agent", "../x").code == 2


def test_without_its_files_or_its_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(files.FILES, "/xterm.css", tmp_path / "xterm.css")
    done = piped("web", "--port", "0")
    assert (done.code, done.err.splitlines()) == (
        1,
        [
            "error: xterm.css, a file of the page, is not installed",
            "hint: in a clone of the source: make web-assets",
        ],
    )
    for name in [name for name in sys.modules if name.startswith("sloth_tui.web.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    done = piped("web", "--port", "0")
    assert (done.code, done.err.splitlines()) == (
        1,
        ["error: sloth-runner web needs the package aiohttp", "hint: pip install 'sloth_tui[web]'"],
    )


def test_names_are_those_that_browsers_send() -> None:
    place = Place("http", "127.0.0.1", 8440, ("box.test", "127.0.0.1:9000"))
    assert place.hosts == {
        *("127.0.0.1:8440", "localhost:8440", "[::1]:8440"),
        *("box.test:8440", "127.0.0.1:9000"),
    }
    assert place.url == "http://127.0.0.1:8440/"
    https = Place("https", "box.test", 443)
    assert {"box.test", "box.test:443", "localhost"} <= https.hosts
    assert https.url == "https://box.test/"


@pytest.mark.slow
def test_it_prints_its_address_opens_it_without_telling_others_and_ends_with_its_sessions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--open`` hands a file to the browser that only its owner can read: arguments are for all to see."""
    told = tmp_path / "told"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{told}.new\nmv {told}.new {told}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    pair = Authority(tmp_path).issue("server")
    options = ["--cert", str(pair.certificate), "--key", str(pair.key), "--open", "--write"]
    with program(*options) as (address, log, _):
        scheme, _, token = address.partition("/#")
        assert scheme.startswith("https://127.0.0.1:")
        assert len(token) == 43
        wait_until(told.exists)
        (opened,) = told.read_text().splitlines()
        assert token not in opened
        file = opened.removeprefix("file://")
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        with open(file, encoding="utf-8") as page:
            assert f'url={address}"' in page.read()
    assert not os.path.exists(file)
    assert log == []


@pytest.mark.slow
def test_where_other_machines_reach_it_nothing_can_be_changed_unless_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = Authority(tmp_path).issue("server")
    away = [
        "--host",
        "0.0.0.0",
        "--name",
        "box.test",
        "--cert",
        str(pair.certificate),
        "--key",
        str(pair.key),
    ]
    with program(*away) as (address, log, _):
        assert address.startswith("https://box.test:")
        wait_until(lambda: log)
        assert log[0].endswith("read-only: nothing can be changed in the browser\n")
    with program(*away, "--write") as (_, log, _):
        wait_until(lambda: log)
        assert "can change everything, and run any Lua file here as you" in log[0]


@pytest.mark.slow
def test_sessions_end_with_a_front_that_is_killed(base: Path) -> None:
    from tests.web.driving import pids, talk

    with program(code=-signal.SIGKILL) as (address, log, front):
        asyncio.run(talk(address, b"", wanted=b" Keys "))
        # Opened and gone at once, before there is a screen.
        asyncio.run(talk(address, b"", wanted=b""))
        wait_until(lambda: len(pids(log)) == 2)
        front.kill()
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids(log)))
    assert not [line for line in log if "exit code" in line or "Traceback" in line]
