from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store.clock import NANOSECONDS, Clock

if TYPE_CHECKING:
    from collections.abc import Callable


class ManualClock(Clock):
    """A machine whose time passes when a test says so; what sleeps on it wakes at once, that much later."""

    def __init__(self, *, tells_boots: bool = True) -> None:
        """``tells_boots``: True if the machine has boot ids."""
        self._tells_boots = tells_boots
        self._boots = 1
        self._now = 1000 * NANOSECONDS
        self._wall = 1_700_000_000 * NANOSECONDS
        self.slept: list[float] = []
        self.while_asleep: Callable[[], object] = lambda: None
        """Called after each sleep."""

    @property
    def boot_id(self) -> str:
        return f"boot-{self._boots}" if self._tells_boots else ""

    def now(self) -> int:
        return self._now

    def wall(self) -> float:
        return self._wall / NANOSECONDS

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        self.while_asleep()

    def advance(self, seconds: float) -> None:
        self._now += round(seconds * NANOSECONDS)
        self.step_wall(seconds)

    def step_wall(self, seconds: float) -> None:
        self._wall += round(seconds * NANOSECONDS)

    def reboot(self, seconds: float) -> None:
        """The machine was off for ``seconds``, and has been up for one."""
        self._boots += 1
        self._now = NANOSECONDS
        self.step_wall(seconds + 1)
