"""A context of controllers, on a screen and services that only remember what they were asked."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import Mock

from sloth_tui.model import Row
from sloth_tui.tui.browser.context import Context
from sloth_tui.tui.widgets.key_table.key_table import KeyTable

ROW = Row("deploy:version", "1.4", "string", 3, 1_700_000_000.0, 7)


class Fake:
    """A context whose widgets, services and operations are mocks, one of each."""

    def __init__(self) -> None:
        self.widgets: dict[object, Mock] = {}
        self.told: list[str] = []
        self.table = self.widget(KeyTable)
        self.table.row, self.table.outlived, self.table.marks = ROW, False, []
        screen = Mock()
        screen.query_one = self.widget
        screen.app = Mock()
        services = Mock()
        services.agent, services.elsewhere = "local", None
        self.context = Context(
            screen,
            services,
            Mock(now=SimpleNamespace(collapsed=(), sizes={})),
            tell=lambda message: self.told.append(type(message).__name__),
            perform=Mock(),
            current_changed=Mock(),
        )
        self.services = services
        self.screen = screen
        self.context.operations = Mock()
        self.context.workers = Mock()
        self.context.panes = Mock(current="keys", zoomed=False, in_sight=frozenset({"keys", "detail"}))
        self.context.lazy = Mock(loaded=True)
        self.context.answers = True

    def widget(self, kind: object) -> Mock:
        return self.widgets.setdefault(kind, Mock())
