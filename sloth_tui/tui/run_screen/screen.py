"""The run screen: three views by a strip of tabs, and the keys of the view at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.actions import by_id, in_pane, is_offered, key_of, run_bindings, shown_key
from sloth_tui.tui.actions.runs import RUN_VIEWS
from sloth_tui.tui.full_screen import FullScreen
from sloth_tui.tui.run_screen.files.view import FilesView
from sloth_tui.tui.run_screen.history.view import HistoryView
from sloth_tui.tui.run_screen.live.view import LiveView
from sloth_tui.tui.run_screen.messages import KeyWanted, RunAsked, RunWanted, SourceWanted
from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.owners import owner_of
from sloth_tui.tui.run_screen.view import RunView
from sloth_tui.tui.widgets.key_bar import KeyBar, KeyHint
from sloth_tui.tui.widgets.tab_strip import TabStrip, tabs_of

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runs.model import Run
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

    class Browser(Protocol):
        """The part of the browser's screen that the run screen uses."""

        @property
        def agent_names(self) -> list[str]: ...

        def perform(self, name: str) -> None: ...

        def choose_agent(self, name: str) -> None: ...

        def go_to_key(self, key: str) -> None: ...

        def go_to(self, agent: str, key: str) -> None: ...


_AGENT_CELLS = 24


class RunScreen(FullScreen):
    """Stays as it was left while the browser is on screen."""

    CSS_PATH = "run_screen.tcss"
    AUTO_FOCUS = ""

    _VIEWS: ClassVar[dict[str, type[RunView]]] = {"files": FilesView, "live": LiveView, "kept": HistoryView}

    def __init__(self, services: Services, operations: Operations, browser: Browser) -> None:
        super().__init__()
        from sloth_tui.tui.keymap import rebind_map

        self._bindings = rebind_map(self._bindings, run_bindings())
        self.services = services
        self.operations = operations
        self._browser = browser
        self.current = "files"
        """The view on screen, by its id."""
        self._wanted: str | None = None
        """The run that was asked for before there was a view to show it in."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="runs-title"):
            yield Static(Content.assemble((" sloth ", "bold reverse $primary"), " "), id="runs-name")
            yield TabStrip(id="runs-tabs")
            yield Static(id="runs-agent")
        with ContentSwitcher(initial=self.current, id="runs-views"):
            for name, view in self._VIEWS.items():
                yield view(self.services, id=name)
        yield KeyBar(id="runs-bar")

    def on_mount(self) -> None:
        self._draw_tabs()
        palette = KeyHint(key_of("palette"), "Palette", "app.command_palette")
        self.query_one(KeyBar).always = (palette,)
        self.call_later(self._show_first)  # once it counts as mounted

    def on_screen_resume(self) -> None:
        agent = (f" {display_text(self.services.agent, _AGENT_CELLS)} ", "bold")
        read_only = (" read-only", "$warning") if self.services.read_only else ""
        self.query_one("#runs-agent", Static).update(Content.assemble(read_only, agent))
        self._draw_tabs()

    def _draw_tabs(self) -> None:
        going = sum(run.going for run in self.services.runs.all)
        amounts = {"live": f"▶ {going}" if going else ""}
        self.query_one(TabStrip).tabs = tabs_of("view", RUN_VIEWS, amounts)

    # Views.

    @property
    def live(self) -> LiveView:
        return self.query_one(LiveView)

    @property
    def files(self) -> FilesView:
        return self.query_one(FilesView)

    def show_view(self, name: str) -> None:
        """Bring a view on screen."""
        self.current = name
        if not self.is_mounted:
            return
        self.query_one(ContentSwitcher).current = name
        self.query_one(TabStrip).chosen = name
        self.query_one(KeyBar).hints = tuple(
            KeyHint(shown_key(action.key), action.label, f"screen.click('{action.id}')")
            for action in in_pane(name)
            if action.key and not (action.writes and self.services.read_only)
        )
        self.query_one(f"#{name}", self._VIEWS[name]).entered()

    @property
    def kept(self) -> HistoryView:
        return self.query_one(HistoryView)

    def show_run(self, id: str) -> None:  # noqa: A002  # as everywhere else
        """Show a run in the Run view, going on or over, as soon as it is read."""
        self.show_view("live")
        known = self.services.runs.by_id(id)
        if not self.is_mounted:
            self._wanted = id
        elif known is None:
            self.services.runs.open(id)
        else:
            self.live.show_run(known)

    def _show_first(self) -> None:
        if self._wanted is None:
            self.show_view(self.current)
        else:
            self.show_run(self._wanted)

    # What is told of runs.

    def run_began(self, id: str) -> None:  # noqa: A002
        """Show a run that was asked for."""
        if self.is_mounted:
            self.live.began(id)
            self.kept.reread()
            self._draw_tabs()

    def run_progressed(self, id: str) -> None:  # noqa: A002
        """Show what is new of a run."""
        if self.is_mounted:
            self.live.progressed(id)

    def run_ended(self, id: str) -> None:  # noqa: A002
        """Show how a run ended."""
        if self.is_mounted:
            self.live.ended(id)
            self.kept.reread()
            self._draw_tabs()

    def runs_found(self) -> None:
        """Show that there are more runs."""
        if self.is_mounted:
            self.live.list_runs()
            self._draw_tabs()

    # What the views ask for.

    @on(RunAsked)
    def _start(self, asked: RunAsked) -> None:
        self.ask(asked.request, asked.command_line)

    def ask(self, request: RunRequest, command_line: str) -> None:
        """Start a run, and show it."""
        try:
            self.services.start_run(request, command_line)
        except SlothError as error:
            self.operations.show_error(error)
            return
        if self.current != "live":
            self.show_view("live")

    @on(RunWanted)
    def _show_wanted(self, wanted: RunWanted) -> None:
        self.show_run(wanted.id)

    @on(KeyWanted)
    def _go_to_key(self, wanted: KeyWanted) -> None:
        self.action_leave_runs()
        self._browser.go_to(wanted.agent, wanted.key)

    @on(SourceWanted)
    def _show_source(self, wanted: SourceWanted) -> None:
        self.show_view("files")
        self.files.show_file(wanted.file, wanted.line)

    # Actions.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable a key only in the views of its action; a click works everywhere."""
        if action != "perform":
            return True
        known = by_id(str(parameters[0]))
        return not known.panes or self.current in known.panes

    async def action_perform(self, name: str) -> None:
        """Carry out the action whose key was pressed."""
        call = by_id(name).call
        if call:
            await self.run_action(call)
        else:
            self.perform(name)

    async def action_click(self, name: str) -> None:
        """Carry out the action that was clicked."""
        await self.action_perform(name)

    def perform(self, name: str) -> None:
        """Carry out the action of this id, if it is offered; what is not of runs, on the browser."""
        if not is_offered(name):
            return
        action = by_id(name)
        owner = owner_of(action.verb or action.id)
        if action.call:
            self.call_later(self.run_action, action.call)
        elif owner is None:
            if self.current not in action.panes:
                self.action_leave_runs()
            self._browser.perform(name)
        else:
            action.carry_out(self._owner(owner))

    def _owner(self, name: str) -> Any:
        if name == "screen":
            return self
        if name == "output":
            return self.query_one(OutputView)
        if name == "run":
            return self.kept if self.current == "kept" else self.live
        return self.query_one(f"#{name}")

    def action_show_view(self, name: str) -> None:
        self.show_view(name)

    def action_leave_runs(self) -> None:
        """Go back to the browser."""
        if self.is_current:
            self.app.pop_screen()

    def action_next_run(self) -> None:
        """Show the next run of this session."""
        self._step(1)

    def action_previous_run(self) -> None:
        """Show the run before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.current != "live":
            self.show_view("live")
        self.live.step(by)

    def action_choose_run(self, id: str) -> None:  # noqa: A002
        """Show the run that was clicked."""
        self.show_run(id)

    def action_help(self) -> None:
        from sloth_tui.tui.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(runs=True))

    @property
    def chosen_run(self) -> Run | None:
        """The run that a command of the user's own would act on."""
        return self.query_one(f"#{self.current}", RunView).chosen_run

    # What the palette asks.

    @property
    def agent_names(self) -> list[str]:
        return self._browser.agent_names

    def choose_agent(self, name: str) -> None:
        self.action_leave_runs()
        self._browser.choose_agent(name)

    def go_to_key(self, key: str) -> None:
        self.action_leave_runs()
        self._browser.go_to_key(key)
