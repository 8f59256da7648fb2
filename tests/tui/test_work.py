"""What takes long: a dialog says how far it is and can cancel it; then nothing was changed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Button, Input

from sloth_tui.errors import Interrupted
from sloth_tui.store import open_store
from sloth_tui.store.sqlite.store import SqliteStore
from sloth_tui.tui.dialogs.confirm import ConfirmScreen
from sloth_tui.tui.dialogs.progress import ProgressScreen, draw_progress, format_amount
from sloth_tui.tui.dialogs.prompt import PromptScreen
from sloth_tui.tui.services.job import Job
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES
from tests.tui.test_changes import act, closed, keys, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(nap()) FROM n"
"""It sleeps most of the time: while the processor is busy, the framework waits a second after each key."""


def test_a_job_reports_its_progress() -> None:
    job = Job()
    assert format_amount(job, "keys", job.began + 3.5) == "at work, 3s"
    job.report(250, 1000)
    assert format_amount(job, "keys", job.began + 61) == "250 of 1,000 keys, 1m 1s"
    assert draw_progress(0.25, 8).plain == "━━╌╌╌╌╌╌  25 %"
    job.cancel()
    assert format_amount(job, "keys", job.began).startswith("it is being ended")
    with pytest.raises(Interrupted):
        job.report(260, 1000)


async def test_a_long_clear_can_be_cancelled_and_leaves_everything(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(store: SqliteStore, prefix: str) -> int:
        with store.transaction():
            store.delete("flag:enabled")
            store._database.connection.create_scalar_function("nap", lambda *_: time.sleep(0.001))
            store._database.execute(ENDLESS).fetchall()
        return 1

    monkeypatch.setattr(SqliteStore, "delete_prefix", endless)
    async with running() as app:
        await act(app, "clear_all")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await opened(app, ProgressScreen)
        await app.sees(f"Deleting {len(ENTRIES)} keys")
        await app.sees("at work, ")
        assert app.on_top(Button).has_focus
        await app.press("escape")
        await closed(app)
        await until(lambda: app.toasts == ["cancelled, nothing was deleted"])
        # And leaving the program does not wait for such work either.
        await act(app, "clear_all")
        await opened(app, ConfirmScreen)
        await app.press("right", "enter")
        await opened(app, ProgressScreen)
    assert keys() == list(ENTRIES)


async def test_the_database_is_checked_and_compacted(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store("local", "write") as store:
        for number in range(30):
            store.set("deployment:count", number)
    async with running() as app:
        await app.press("5", "i")
        await until(lambda: app.toasts == ["the store of local is sound"])
        await app.press("C")
        await opened(app, PromptScreen)
        await app.sees("How many revisions of each key to keep?")
        app.on_top(Input).value = "some"
        await app.press("enter")
        await app.sees("a whole number")
        app.on_top(Input).value = "2"
        await app.press("enter")
        await until(lambda: any(toast.startswith("forgot 29 revisions") for toast in app.toasts))
        with open_store("local", "read") as store:
            assert len(list(store.revisions("deployment:count"))) == 2

        going_on = threading.Event()
        monkeypatch.setattr(
            SqliteStore, "problems", lambda store: going_on.wait(60) and ["Page 3: never used"]
        )
        await app.press("i")
        await opened(app, ProgressScreen)
        going_on.set()
        await closed(app)
        await until(lambda: "1 problem in the store of local\nPage 3: never used" in app.toasts)
