"""Ask several hosts at once whether they answer."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import SlothError
from sloth_tui.runner.hosts.inventory import Inventory
from sloth_tui.runner.hosts.ssh.session import Way
from sloth_tui.threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sloth_tui.settings import HostSettings

_AT_ONCE = 20
_STACK_BYTES = 1024 * 1024


class Reachability(NamedTuple):
    """Whether a host answers. ``problem`` and ``hint`` say why not, one line each."""

    name: str
    answers: bool
    problem: str | None = None
    hint: str | None = None


def ask_all(names: Sequence[str], settings: Callable[[], Mapping[str, HostSettings]]) -> list[Reachability]:
    """Connect to hosts, several at a time, and end the connections. Nothing is changed there."""
    left = deque(enumerate(names))
    answers: SimpleQueue[tuple[int, Reachability | Exception]] = SimpleQueue()

    def ask() -> None:
        while True:
            try:
                place, name = left.popleft()
            except IndexError:
                return
            try:
                answers.put((place, _ask(name, settings)))
            except Exception as error:  # noqa: BLE001  # raised where it is waited for
                answers.put((place, error))

    with suppress(MemoryError, RuntimeError):  # with fewer threads it only takes longer
        for _ in range(min(_AT_ONCE, len(names)) - 1):
            start_thread(ask, _STACK_BYTES)
    ask()
    found: dict[int, Reachability] = {}
    while len(found) < len(names):
        place, answer = answers.get()
        if isinstance(answer, Exception):
            raise answer
        found[place] = answer
    return [found[place] for place in range(len(names))]


def _ask(name: str, settings: Callable[[], Mapping[str, HostSettings]]) -> Reachability:
    inventory = Inventory(settings, Way("", 0.0), os.getpid())
    try:
        inventory.host(name).connect()
    except SlothError as error:
        return Reachability(name, False, error.message, error.hint)
    finally:
        inventory.close()
    return Reachability(name, True)
