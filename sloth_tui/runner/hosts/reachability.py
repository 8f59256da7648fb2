"""Ask several hosts at once whether they answer."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.runner.hosts.inventory import Inventory
from sloth_tui.runner.hosts.ssh.session import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sloth_tui.settings import HostSettings

_AT_ONCE = 20


class Reachability(NamedTuple):
    """Whether a host answers. ``problem`` and ``hint`` say why not, one line each."""

    name: str
    answers: bool
    problem: str | None = None
    hint: str | None = None


def ask_all(names: Sequence[str], settings: Callable[[], Mapping[str, HostSettings]]) -> list[Reachability]:
    """Connect to hosts, several at a time, and end the connections. Nothing is changed there."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda name: _ask(name, settings), names))


def _ask(name: str, settings: Callable[[], Mapping[str, HostSettings]]) -> Reachability:
    inventory = Inventory(settings, Way("", 0.0), os.getpid())
    try:
        inventory.host(name).connect()
    except SlothError as error:
        return Reachability(name, False, error.message, error.hint)
    finally:
        inventory.close()
    return Reachability(name, True)
