"""The files of this machine, as a task may want to know their checksums."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.errors import HostError
from sloth_tui.runner.request import LOCAL

if TYPE_CHECKING:
    from sloth_tui.runner.hosts.host import Found, Host
    from sloth_tui.runner.hosts.predicting.host import PredictingHost
    from sloth_tui.runner.lua.context import Context
    from sloth_tui.runner.worker.predictions import Predictions

    Entries = list[tuple[str, bool]]


class LocalFiles:
    """Implements :class:`sloth_tui.runner.tracking.Files` by this machine's host."""

    def __init__(self, context: Context, predictions: Predictions | None) -> None:
        """``predictions``: those of check mode, else None."""
        self._context = context
        self._predictions = predictions

    def look(self, path: str) -> Found:
        host, predicting = self._hosts()
        return host.look([path])[0] if predicting is None else predicting.foresee(path)

    def names(self, directory: str) -> Entries:
        try:
            with os.scandir(directory) as entries:
                there = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            there = []
        except OSError as error:
            raise HostError(f"'{directory}': {error.strerror}") from error
        _, predicting = self._hosts()
        return there if predicting is None else predicting.names(directory, there)

    @property
    def uncertain(self) -> bool:
        _, predicting = self._hosts()
        return predicting is not None and predicting.assumptions.skipped is not None

    def may_be_made(self) -> bool:
        _, predicting = self._hosts()
        return predicting is not None and predicting.assumptions.make()

    def _hosts(self) -> tuple[Host, PredictingHost | None]:
        """Return this machine as a host and, in check mode, the one that predicts under it."""
        host = self._context.host(LOCAL[0].encode())
        return host, None if self._predictions is None else self._predictions.here()
