"""The main screen: agents, keys, the entry under the cursor, and the dock of locks, stats, log and run."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.containers import Horizontal

from sloth_tui.tui.actions import DOCK, PANES, bindings, by_id, in_pane, is_offered, key_of, shown_key
from sloth_tui.tui.browser.context import Context
from sloth_tui.tui.browser.controllers.keys import KeysController
from sloth_tui.tui.browser.routes import ACT_ON_MARKS, ROUTES, owner_of
from sloth_tui.tui.full_screen import FullScreen
from sloth_tui.tui.messages import PanesLoaded, RoutedMessage, RowsIndexed, StoreFailed
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.key_bar import KeyBar, KeyHint
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.pane import Place
from sloth_tui.tui.widgets.title_bar import PaneStrip, TitleBar

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import DescendantFocus, Resize

    from sloth_tui.tui.browser.context import Controller
    from sloth_tui.tui.browser.controllers.agents import AgentsController
    from sloth_tui.tui.browser.controllers.run import RunController
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.ui_state import UiStateFile


_LOAD_PANES_AFTER_SECONDS = 0.5
"""How long the other panes wait for the first keys."""
_EARLY_GROUPS = ("Copy", "Marks", "Panes", "App")
"""Groups of actions that work before the lazy panes are loaded."""
_EARLY_ACTIONS = ("filter_keys", "go_to_key", "toggle_tree", "sort_next", "sort_reverse")


class BrowserScreen(FullScreen):
    """Composes the screen, and routes each message and action to its controllers."""

    AUTO_FOCUS = "#table"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    _loading_panes = False

    def __init__(self, services: Services, ui_state: UiStateFile) -> None:
        super().__init__()
        if services.settings.keys or services.settings.commands:
            from sloth_tui.tui.keymap import rebind_map

            # The framework's key maps drop actions that share a key in different panes.
            self._bindings = rebind_map(self._bindings, bindings())
        self.services = services
        self.context = Context(
            self,
            services,
            ui_state,
            tell=self.route,
            perform=self.perform,
            current_changed=self._offer_keys,
        )
        self._keys = KeysController(self.context)
        self._controllers: dict[str, Controller] = {"keys": self._keys}

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield PaneStrip(PANES)
        with Horizontal(id="body"):
            yield Place(1, PANES["agents"], id="agents")
            yield KeysPane(2, PANES["keys"], self.services.is_secret, id="keys")
            yield Place(3, PANES["detail"], id="detail")
        yield Dock({pane: PANES[pane] for pane in DOCK}, first=len(PANES) - len(DOCK) + 1)
        yield KeyBar(id="bar")

    def on_screen_resume(self) -> None:
        run = self._controllers.get("run")
        if run is not None:
            cast("RunController", run).catch_up()

    def begin(self, agent: str) -> None:
        """Start reading the agent's first keys while the screen is being built."""
        self._keys.begin(agent)

    def on_mount(self) -> None:
        dock, tab = self.query_one(Dock), self.context.ui_state.now.tab
        if tab in DOCK:
            dock.tab = tab
        self.query_one(KeyBar).always = (KeyHint(key_of("palette"), "Palette", "app.command_palette"),)
        self.context.panes.rearrange()
        self._offer_keys()
        self.query_one(TitleBar).read_only = self.services.read_only
        if self.services.elsewhere is not None:
            cast("AgentsController", self.controller("agents")).begin()
        self._keys.show_first()
        # The visible tab is read as soon as it changes.
        self.watch(dock, "tab", self.services.dock.look_at)
        if self.services.rows_so_far is None:
            self.set_timer(_LOAD_PANES_AFTER_SECONDS, self._load_panes_soon)
        else:
            self._load_panes_soon()

    def on_resize(self, event: Resize) -> None:
        self.context.panes.arrange(event.size.width, event.size.height)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.context.panes.focus_moved()

    # Messages.

    @on(RoutedMessage)
    def route(self, message: RoutedMessage) -> None:
        """Hand a message to its controllers, in the order of the table."""
        if isinstance(message, RowsIndexed | StoreFailed):
            self._load_panes_soon()
        for name in ROUTES[type(message)]:
            getattr(self.controller(name), message.handler_name)(message)

    def controller(self, name: str) -> Controller:
        """Return the controller of this name; load it on first use."""
        found = self._controllers.get(name)
        if found is None:
            module = import_module(f"sloth_tui.tui.browser.controllers.{name}")
            made = getattr(module, f"{name.title()}Controller")(self.context)
            found = self._controllers[name] = cast("Controller", made)
        return found

    # Actions.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable a key only in the panes of its action; a click works everywhere."""
        if action not in ("perform", "click"):
            return True
        known = by_id(str(parameters[0]))
        there = self.panes_loaded or known.group in _EARLY_GROUPS or known.id in _EARLY_ACTIONS
        return there and (action == "click" or not known.panes or self.current in known.panes)

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
        """Carry out the action of this id, wherever the focus is, if it is offered."""
        if not is_offered(name):
            return
        action = by_id(name)
        if action.call:
            self.call_later(self.run_action, action.call)
            return
        verb = action.verb or action.id
        carry_out = partial(action.carry_out, self.controller(owner_of(verb)))
        if verb in ACT_ON_MARKS:
            self.context.workers.once_marked(carry_out)
        else:
            carry_out()

    # What the app and the palette ask.

    @property
    def current(self) -> str:
        """The pane that has, or last had, the focus."""
        return self.context.panes.current

    @property
    def panes_loaded(self) -> bool:
        """True once the lazy panes are mounted."""
        return self.context.lazy.loaded

    @property
    def agent_names(self) -> list[str]:
        return self.context.agent_names

    def choose_agent(self, name: str) -> None:
        """Show another agent."""
        self.context.choose_agent(name)

    def go_to_key(self, key: str) -> None:
        """Put the cursor on a key; clear a filter that hides it."""
        self.context.go_to_key(key)

    def go_to(self, agent: str, key: str) -> None:
        """Put the cursor on a key of any agent."""
        self.context.workers.look(self.context.go_to(agent, key))

    def leave(self) -> None:
        """End the app. If runs or commands go on, ask what becomes of them."""
        if self.services.running or self.services.running_commands:
            self.run_worker(self._leave_work(), group="leave", exclusive=True)
        else:
            self.app.exit()

    async def _leave_work(self) -> None:
        from sloth_tui.tui.operations.leaving import leave_work

        parting = await leave_work(self.context.operations, self.services)
        if parting is not None:
            self.app.exit(message=parting)

    # Once the keys are on screen: everything else.

    def _load_panes_soon(self) -> None:
        if not self._loading_panes:
            self._loading_panes = True
            self.call_after_refresh(self._load_panes)

    async def _load_panes(self) -> None:
        if await self.context.lazy.load():
            self.route(PanesLoaded())
            self.context.panes.enter_current()
            self.services.start_figures(self.query_one(Dock).tab)

    def _offer_keys(self) -> None:
        """Show the keys of the actions of the current pane at the bottom."""
        self.query_one(KeyBar).hints = tuple(
            KeyHint(shown_key(action.key), action.label, f"screen.click('{action.id}')")
            for action in in_pane(self.current)
            if not (action.writes and self.services.read_only)
        )
