"""Runs of Lua files: the Run tab of the dock, and the run screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.browser.run_feed import RunFeed

if TYPE_CHECKING:
    from sloth_tui.tui import messages
    from sloth_tui.tui.run_screen.screen import Browser, RunScreen


class RunController(Controller):
    """Shows the run that was started last in the dock, and tells the run screen of all, once it was open."""

    _run_screen: RunScreen | None = None
    _feed: RunFeed | None = None

    def on_run_began(self, message: messages.RunBegan) -> None:
        newest = self.services.runs.newest
        if newest is not None and newest.id == message.id and self.lazy.loaded:
            self._feed = RunFeed(newest, self.lazy.run)
        if self._run_screen is not None:
            self._run_screen.run_began(message.id)

    def on_run_progressed(self, message: messages.RunProgressed) -> None:
        if self._feed is not None and self._feed.run.id == message.id and not self._is_covered():
            self._feed.grow()
        if self._run_screen is not None:
            self._run_screen.run_progressed(message.id)

    def on_run_ended(self, message: messages.RunEnded) -> None:
        if self._feed is not None and self._feed.run.id == message.id:
            self._feed.end()
        if self._run_screen is not None:
            self._run_screen.run_ended(message.id)

    def on_run_refused(self, message: messages.RunRefused) -> None:
        request, pane = message.request, self.lazy.run
        if request is not None:
            self._feed = None
            pane.begin(request.file, request.agent, check=request.check)
            pane.end("error", 0.0, message.error.message)
        if request is None or self._run_screen is not None:
            self.operations.show_error(message.error)

    def on_run_requested(self, message: messages.RunRequested) -> None:
        self._open()
        self.run_screen.show_run(message.id)

    def on_runs_found(self, message: messages.RunsFound) -> None:
        if self._run_screen is not None:
            self._run_screen.runs_found()

    def catch_up(self) -> None:
        """Show in the dock what was said while the run screen covered it."""
        if self._feed is not None and self._feed.run.going:
            self._feed.grow()

    def _is_covered(self) -> bool:
        return self._run_screen is not None and self._run_screen.is_current

    @property
    def run_screen(self) -> RunScreen:
        """The run screen, made on first use. It stays as it is left."""
        if self._run_screen is None:
            from sloth_tui.tui.run_screen.screen import RunScreen

            self._run_screen = RunScreen(self.services, self.operations, cast("Browser", self.screen))
            self.screen.app.install_screen(self._run_screen, "runs")
        return self._run_screen

    def action_run_file(self) -> None:
        """Open the run screen: at the run that goes on, else where a file is chosen."""
        going = any(run.going for run in self.services.runs.all)
        self.run_screen.show_view("live" if going else "files")
        self._open()

    def _open(self) -> None:
        if not self.run_screen.is_current:
            self.screen.app.push_screen(self.run_screen)

    def action_run_path(self) -> None:
        async def run() -> None:
            chosen = await self.operations.choose_file()
            if chosen is not None:
                self.panes.show("run")
                self.services.run_file(chosen.path, check=chosen.check)

        # Not as a change: with --read-only a file may be checked, and the services refuse to run it.
        self.workers.look(run())

    def action_stop_run(self) -> None:
        if not self.services.stop_run():
            self.operations.notify("nothing is running")
