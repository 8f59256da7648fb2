"""The key table at its limits, on a real pseudo-terminal: searching values, turning pages with the key held
down, opening a node of hundreds of thousands of keys.

``python -m tests.benchmarks.bench_keys [ROWS]``. Latencies are from the write of a key to the arrival of the
output that completes what it should show. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import sys
import tempfile
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.bench_tui import Bench, Page, percentile, say
from tests.benchmarks.million import ROWS, key, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.terminal import Terminal

VALUES = ("=v99", "=v123456", "=v7 x", "=zz")
FUZZY = ("~ngx09", "~srvrds")
HELD, REPEATS = 5.0, 30.0
"""Seconds that a key is held down, and how many times a second it then arrives."""
FOLDS = 15
PAGE_DOWN = b"\x1b[6~"
NODE = "installed:"


class Measured(NamedTuple):
    """From a key to what it shows."""

    seconds: float
    processor: float
    """Seconds of a core that the program took meanwhile: what is left of the others on a busy machine."""


class TableBench(Bench):
    def run(self) -> None:
        values = {key(number): value(number) for number in range(self.rows)}
        values[key(0)] = "adopted"
        echo = self.echo()
        with self.ours() as terminal:
            terminal.painted(lambda lines: f"{self.rows:,} keys" in lines[0], terminal.started)
            tell("a key in a search of values to first hits", self._values(terminal, values), echo, "150 ms")
            tell("a key in a fuzzy filter to the first page", self._fuzzy(terminal), echo, "50 ms")
            self._held(terminal)
            self._folds(terminal, echo)
            print(f"{'memory after all that':<44} {terminal.resident():5.1f} MiB")

    def _values(self, terminal: Terminal, values: dict[str, str]) -> list[Measured]:
        times = []
        for text in VALUES:
            terminal.type(b"/=")
            terminal.look()
            before = self.keys
            for end in range(2, len(text) + 1):
                found = [name for name in before if text[1:end] in values[name]]
                typed = (text[end - 1] if text[end - 1] != " " else "\\ ").encode()
                if found != before and found:
                    times.append(_measured(terminal, typed, _hits(found)))
                else:
                    terminal.type(typed)
                before = found
            self.leave_filter(terminal)
        return times

    def _fuzzy(self, terminal: Terminal) -> list[Measured]:
        times = []
        for text in FUZZY:
            terminal.type(b"/~")
            terminal.look()
            before = self.keys
            for end in range(2, len(text) + 1):
                found = [name for name in before if _holds(name, text[1:end])]
                typed = text[end - 1].encode()
                if found[:100] != before[:100] and found:
                    times.append(_measured(terminal, typed, self._page(found, 0)))
                else:
                    terminal.type(typed)
                before = found
            self.leave_filter(terminal)
        return times

    def _held(self, terminal: Terminal) -> None:
        """Page down held: how long after each press its page, or a later one, had arrived."""
        terminal.painted(self._page(self.keys, 0), terminal.type(b"g"))
        height = len(Page(terminal.look()).rows)
        before = terminal.processor_time()
        pressed = terminal.hold(PAGE_DOWN, HELD, REPEATS)
        places = {name[:40]: number for number, name in enumerate(self.keys[: height * (len(pressed) + 2)])}
        times: list[float] = []
        arrivals = []
        for arrived in terminal.frames():
            rows = Page(terminal.screen.display).rows
            arrivals.append(arrived)
            page = places.get(rows[0][:40], 0) // height if rows and rows[0] else 0
            while len(times) < min(page, len(pressed)):
                times.append(arrived - pressed[len(times)])
        gaps = [late - early for early, late in pairwise(arrivals)]
        print(
            f"{f'page down held for {HELD:.0f} s: page by page':<44} {1000 * percentile(times, 0.5):.0f} ms, "
            f"95 % {1000 * percentile(times, 0.95):.0f} ms, worst {1000 * max(times):.0f} ms (goal 50 ms), "
            f"{len(times)} of {len(pressed)} shown, longest pause {1000 * max(gaps):.0f} ms, "
            f"processor {1000 * (terminal.spent - before) / len(pressed):.0f} ms a page"
        )

    def _folds(self, terminal: Terminal, echo: float) -> None:
        """A node with a fifth of all keys is opened and closed."""
        terminal.type(b"g")
        terminal.painted(_has("▸ service:"), terminal.type(b"T"))
        for _ in range(3):
            terminal.type(b"j")
        terminal.painted(_has("▸ " + NODE), terminal.type(b"l"))
        terminal.type(b"j")
        opened, closed = [], []
        for _ in range(FOLDS):
            opened.append(_measured(terminal, b"l", self._is_open))
            closed.append(_measured(terminal, b"h", self._is_closed))
        tell(f"a node of {self.rows // 5:,} keys opened", opened, echo, "50 ms")
        tell("and closed", closed, echo, "50 ms")

    def _is_open(self, lines: list[str]) -> bool:
        rows = Page(lines).rows
        return any("▾ " + NODE in row for row in rows) and bool(rows[-1]) and "▸" not in rows[-1]

    def _is_closed(self, lines: list[str]) -> bool:
        rows = Page(lines).rows
        return any("▸ " + NODE in row for row in rows) and any("▸ service:" in row for row in rows)


def _hits(found: list[str]) -> Callable[[list[str]], bool]:
    """Whether what is shown are hits and nothing else; while values are searched, not yet the first ones."""

    def shows(lines: list[str]) -> bool:
        rows = [row.removesuffix("…") for row in Page(lines).rows if row]
        places = [bisect_left(found, row) for row in rows]
        return bool(rows) and all(
            place < len(found) and found[place].startswith(row)
            for place, row in zip(places, rows, strict=True)
        )

    return shows


def _measured(terminal: Terminal, key: bytes, condition: Callable[[list[str]], bool]) -> Measured:
    before = terminal.processor_time()
    painted = terminal.painted(condition, terminal.type(key))
    return Measured(painted, terminal.spent - before)


def tell(what: str, measured: list[Measured], echo: float, goal: str) -> None:
    say(what, [one.seconds for one in measured], echo, goal)
    costs = [1000 * one.processor for one in measured]
    middle, high = percentile(costs, 0.5), percentile(costs, 0.95)
    print(f"{'  of that the processor':<44} {middle:.0f} ms, 95 % {high:.0f} ms")


def _has(text: str) -> Callable[[list[str]], bool]:
    return lambda lines: any(text in line for line in lines)


def _holds(name: str, text: str) -> bool:
    rest = iter(name)
    return all(character in rest for character in text)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"{rows:,} keys")
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        TableBench(directory, rows).run()


if __name__ == "__main__":
    main()
