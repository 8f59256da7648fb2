"""Runs of Lua files: the Run tab of the dock, and the run screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.tui.browser.context import Controller

if TYPE_CHECKING:
    from sloth_tui.tui import messages
    from sloth_tui.tui.run_screen.screen import Browser, RunScreen

_RUN_OUTPUT_SECONDS = 0.04
"""How long output of a run is collected before it is shown."""


class RunController(Controller):
    """Handles the Run tab of the dock, and hands messages on to the run screen once it was open."""

    _run_screen: RunScreen | None = None

    def on_run_began(self, message: messages.RunBegan) -> None:
        self.lazy.run.begin(message.file, message.agent, check=message.check)

    def on_run_progressed(self, message: messages.RunProgressed) -> None:
        self.screen.set_timer(_RUN_OUTPUT_SECONDS, self._show_output)

    def _show_output(self) -> None:
        output = self.services.take_run_output()
        self.lazy.run.add(output.lines, output.task, output.changed)

    def on_run_ended(self, message: messages.RunEnded) -> None:
        self._show_output()
        self.lazy.run.end(message.result, message.duration, message.error, would_change=message.would_change)

    def action_run_file(self) -> None:
        """Open the run screen: at the run that goes on, else where a file is chosen."""
        screen = self.run_screen
        screen.show_view("live" if self.services.running else "files")
        if not screen.is_current:
            self.screen.app.push_screen(screen)

    @property
    def run_screen(self) -> RunScreen:
        """The run screen, made on first use. It stays as it is left."""
        if self._run_screen is None:
            from sloth_tui.tui.run_screen.screen import RunScreen

            self._run_screen = RunScreen(self.services, self.operations, cast("Browser", self.screen))
            self.screen.app.install_screen(self._run_screen, "runs")
        return self._run_screen

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
