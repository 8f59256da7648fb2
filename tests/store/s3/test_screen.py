"""The terminal UI on S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.s3.client import objects
from sloth_tui.store.s3.opening import open_store
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from tests.servers.imitations import between
from tests.tui.driving import running, until
from tests.tui.test_changes import opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket

pytestmark = pytest.mark.slow


async def test_rows_changes_of_others_and_a_server_that_stops_and_comes_back(
    server: Bucket, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[store]\npoll = 0.2\n")
    monkeypatch.setattr(objects, "PATIENCE_SECONDS", 0.3)
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        past_it = address.replace(url, server.endpoint)
        with open_store(past_it, "local", "write") as other:
            other.set_many({"app:name": "shop", "app:size": 3})
            monkeypatch.setenv("SLOTH_RUNNER_STORE", address)
            async with running() as app:
                await app.sees("app:size")
                await app.sees("shop")
                await app.sees("● live")
                assert "s3://sloth/" in app.text().splitlines()[0]
                other.set("app:new", "of another")
                await app.sees("of another")
                with open_store(past_it, "web", "write") as web:
                    web.set("page", "index")
                await app.sees("web")
                decides.loses_request = lambda method, path: True
                await app.sees("✗ no answer")
                await app.sees("cannot be reached")
                other.set("app:late", "after it")
                decides.loses_request = lambda method, path: False
                await app.sees("after it")
                await app.sees("● live")
                await app.loses("no answer")


async def test_a_key_is_deleted_on_screen_and_brought_back(
    server: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.fresh()
    monkeypatch.setenv("SLOTH_RUNNER_STORE", address)
    with open_store(address, "local", "write") as other:
        other.set_many({"a": 1, "b": 2})
        async with running() as app:
            await app.goes_to("a")
            await app.press("d")
            await opened(app, ConfirmScreen)
            await app.press("right", "enter")
            await until(lambda: dict(other.items()) == {"b": 2}, every=0.2, what="the key deleted")
            await app.press("u")
            await until(lambda: other.count() == 2, every=0.2, what="the key back")
        assert dict(other.items()) == {"a": 1, "b": 2}
