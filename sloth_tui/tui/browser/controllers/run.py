"""The run of a Lua file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller

if TYPE_CHECKING:
    from sloth_tui.tui import messages

_RUN_OUTPUT_SECONDS = 0.04
"""How long output of a run is collected before it is shown."""


class RunController(Controller):
    """Handles the Run tab of the dock."""

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
