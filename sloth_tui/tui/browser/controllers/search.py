"""Search over keys and values of every agent, and go to what was found."""

from __future__ import annotations

from sloth_tui.tui.browser.context import Controller


class SearchController(Controller):
    """Handles the search."""

    def action_search_everywhere(self) -> None:
        self.workers.look(self._search())

    async def _search(self) -> None:
        from sloth_tui.tui.dialogs.search import SearchScreen

        search = self.services.search
        chosen = await self.operations.ask(
            SearchScreen(search.begin, self.services.is_secret, self.services.agent, self.context.agent_names)
        )
        search.cancel()
        if chosen is not None:
            await self.context.go_to(chosen.agent, chosen.key)
