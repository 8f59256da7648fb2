"""The run of a Lua file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.news import News

if TYPE_CHECKING:
    from sloth_tui.tui import messages

_RUN_NEWS = 0.04
"""Seconds a run may talk before the screen shows what it said."""


class RunNews(News):
    """Looks after the run's tab of the dock."""

    def on_run_began(self, message: messages.RunBegan) -> None:
        self.run_pane.begin(message.file, message.agent)

    def on_run_progressed(self, message: messages.RunProgressed) -> None:
        self.set_timer(_RUN_NEWS, self._hear_run)

    def _hear_run(self) -> None:
        news = self.services.take_run_news()
        self.run_pane.add(news.lines, news.task, news.changed)

    def on_run_ended(self, message: messages.RunEnded) -> None:
        self._hear_run()
        self.run_pane.end(message.result, message.duration, message.error)
