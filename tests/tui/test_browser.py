"""What the browser shows, and that it stays true while others change things."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Static

from sloth_tui.tui.widgets.agent_list import AgentsPane
from sloth_tui.tui.widgets.detail.detail import DetailPane
from sloth_tui.tui.widgets.detail.value_view import ValueView
from sloth_tui.tui.widgets.dock.lock_list import LocksPane
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.title_bar import TitleBar
from tests.tui.driving import running, until
from tests.tui.state import ENTRIES, elsewhere, fill

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


async def test_nothing_there_says_what_to_press_until_another_process_writes(base: Path) -> None:
    async with running() as app:
        await app.sees("No key here yet.")
        await app.sees("n creates one")
        await app.sees("0 keys  ○ empty")
        assert app.find(AgentsPane).names == ["local"]
        assert app.find(DetailPane).entry is None
        assert not base.exists()
        elsewhere("open_store('local', 'write').__enter__().set('first:key', 'hello')")
        await app.sees("first:key")
        await app.sees("1 key  ● live")


async def test_start_shows_agent_keys_detail_locks_and_stats(believable: Path) -> None:
    async with running() as app:
        await app.sees("cluster:members")
        screen = app.text()
        assert f"{len(ENTRIES)} keys  ● live" in screen
        assert str(believable / "state" / "local.db")[-30:] in screen
        assert "production" in screen
        await app.sees("task-123")
        await app.sees("string · 15 B · ")
        detail = app.find(DetailPane)
        await until(lambda: detail.entry is not None)
        assert detail.entry is not None
        assert detail.entry.key == "app:api_token"


async def test_a_change_by_another_process_is_on_screen_and_the_cursor_stays_on_its_key(
    believable: Path,
) -> None:
    async with running() as app:
        before = app.table.key
        elsewhere("open_store('local', 'write').__enter__().set('a', 'first')")
        await until(lambda: app.table.cursor == 1)
        assert app.table.key == before
        assert app.table.top == 0
        await app.sees("first")
        await app.goes_to("deployment:status")
        elsewhere("open_store('local', 'write').__enter__().set('deployment:status', 'rolled back')")
        detail = app.find(DetailPane)
        await until(lambda: detail.entry is not None and detail.entry.value == "rolled back")
        await until(lambda: app.glance().count("rolled back") >= 2, what="in the table and in the detail")
        assert app.table.key == "deployment:status"
        elsewhere("open_store('local', 'write').__enter__().set_many({f'a:{n}': n for n in range(30)})")
        await app.sees(f"{len(ENTRIES) + 31} keys")
        await until(lambda: app.table.key == "deployment:status" and app.table.cursor == 35)
        elsewhere("open_store('local', 'write').__enter__().delete('deployment:status')")
        await app.loses("deployment:status")


async def test_locks_come_and_go_with_what_others_do(believable: Path) -> None:
    async with running() as app:
        locks = app.find(LocksPane)
        await until(lambda: [lock.name for lock in locks.locks] == ["deploy"])
        elsewhere("open_store('local', 'write').__enter__().acquire('other', 'somebody', 30)")
        await until(lambda: [lock.name for lock in locks.locks] == ["deploy", "other"])
        await app.sees("somebody")
        elsewhere("open_store('local', 'write').__enter__().release('other', 'somebody')")
        await until(lambda: [lock.name for lock in locks.locks] == ["deploy"])


async def test_a_lock_that_runs_out_disappears_by_itself(believable: Path) -> None:
    elsewhere("open_store('local', 'write').__enter__().acquire('brief', 'somebody', 3600)")
    async with running() as app:
        await app.sees("brief")
        elsewhere("open_store('local', 'write').__enter__().renew('brief', 'somebody', 0.5)")
        await app.loses("brief")
        await app.sees("deploy")


async def test_agents_that_appear_and_vanish_are_noticed(believable: Path) -> None:
    async with running() as app:
        agents = app.find(AgentsPane)
        await until(lambda: agents.names == ["local", "production"])
        fill("staging", {"a": "1"})
        await until(lambda: agents.names == ["local", "production", "staging"])
        elsewhere(
            "import os\nfrom sloth_tui.store.sqlite import database_path\n"
            "os.unlink(database_path('production'))"
        )
        await until(lambda: agents.names == ["local", "staging"])


async def test_choosing_an_agent_shows_its_state(believable: Path) -> None:
    async with running() as app:
        await until(lambda: len(app.find(AgentsPane).names) == 2)
        await app.press("right_square_bracket")
        await app.sees("environment:type")
        await app.loses("deployment:version")
        assert app.find(TitleBar).agent == "production"
        await app.press("1", "up")
        await app.sees("deployment:version")
        await app.press("right_square_bracket")
        await app.sees("environment:type")
        await app.press("left_square_bracket")
        await app.sees("deployment:version")


async def test_nothing_of_an_agent_that_is_left_is_acted_on(
    believable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as app:
        await app.sees("task-123")
        await app.press("down", "space", "space")
        await app.sees("2 marked")
        late: list[str] = []
        monkeypatch.setattr(app.browser.services, "choose_agent", late.append)
        app.browser.choose_agent("production")
        assert app.browser.context.chosen_keys == []
        assert app.browser.context.lazy.locks.highlighted is None
        await app.press("space")
        assert app.browser.context.chosen_keys == []
        await app.press("d")
        await app.sees("no key is chosen")
        assert late == ["production"]


async def test_the_file_of_the_agent_on_screen_goes_and_comes_back(believable: Path) -> None:
    async with running("production") as app:
        path = believable / "state" / "production.db"
        elsewhere(f"import glob, os\nfor path in glob.glob({str(path)!r} + '*'): os.unlink(path)")
        await app.sees("agent 'production' has no database")
        fill("production", {"reborn": "yes"})
        await app.sees("reborn")


@pytest.mark.parametrize(
    ("kept", "words"), [(0, "not a SQLite database"), (4096, "damaged")], ids=["foreign", "damaged"]
)
async def test_a_database_that_cannot_be_used_is_told_in_words(
    believable: Path, kept: int, words: str
) -> None:
    """The first page names the tables; without the others they cannot be read."""
    whole = (believable / "state" / "local.db").read_bytes()
    broken = believable / "state" / "broken.db"
    broken.write_bytes(whole[:kept] + b"\xaa" * (len(whole) - kept))
    content = broken.read_bytes()
    async with running("broken") as app:
        await app.sees("✗ no answer")
        await app.loses("No lock is held")
        await until(lambda: words in str(app.find(Static, "#keys-words").content))
        await until(lambda: app.find(AgentsPane).names == ["broken", "local", "production"])
        app.browser.choose_agent("local")
        await app.sees("deployment:version")
        app.browser.choose_agent("broken")
        await app.sees("✗ no answer")
    assert broken.read_bytes() == content


async def test_typing_a_filter_narrows_the_keys_and_escape_steps_back(believable: Path) -> None:
    async with running() as app:
        await app.press("slash", *"dep")
        await until(lambda: app.table.count == 4)
        await app.sees("4 of 9 keys")
        await app.press("enter")
        assert app.app.focused is app.table
        await app.press("escape")
        await app.sees("  9 keys")
        assert app.find(FilterBar).asked.key == ""
        await app.press("slash", *"zz")
        await app.sees("No key passes this filter.")
        await until(lambda: app.find(DetailPane).entry is None)


async def test_a_value_is_shown_as_what_it_is_but_a_secret_only_while_it_is_revealed(
    believable: Path,
) -> None:
    async with running() as app:
        for key, shown in (
            ("table:limits", '  "cpu": 2,'),
            ("raw:fingerprint", "00000000  8b 00 ff 1b"),
            ("flag:enabled", "true"),
            ("deployment:ratio", "0.5"),
        ):
            await app.goes_to(key)
            assert any(line.startswith(shown) for line in app.find(ValueView).lines)
        await app.goes_to("app:api_token")
        assert "tok_very_secret" not in app.text()
        await app.press("x")
        await app.sees("tok_very_secret")
        await app.press("down")
        await app.loses("tok_very_secret")
        await app.press("up")
        await app.sees("app:api_token")
        await app.sees("masked")
        assert "tok_very_secret" not in app.text()


async def test_a_huge_value_is_cut_honestly_and_only_what_is_left_is_drawn(base: Path) -> None:
    fill("local", {"big": "x" * 5_000_000})
    async with running() as app:
        await until(lambda: app.find(DetailPane).entry is not None)
        await app.sees("first 128 KiB of 4.8 MiB")
        assert 0 < sum(map(len, app.find(ValueView).lines)) <= 129 * 1024


async def test_services_leave_no_thread_behind(believable: Path) -> None:
    import threading

    def services() -> set[str]:
        names = {thread.name.split("_")[0] for thread in threading.enumerate()}
        return names & {"reader", "rows", "agents", "pages", "writer", "run"}

    # Those of screens of earlier tests may be about to end.
    await until(lambda: not services(), what=lambda: str(services()))
    async with running():
        assert {"reader", "rows", "agents"} <= services()
    await until(lambda: not services(), what=lambda: str(services()))
    assert os.path.exists(believable)
