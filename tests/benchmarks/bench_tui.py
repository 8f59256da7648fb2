"""The TUI on a million keys, on a real pseudo-terminal, against an empty Textual app in the same run.

``python -m tests.benchmarks.bench_tui [ROWS]``. Latencies are from the write of a key to the arrival of the
output that completes the expected page. They are set against what the empty app takes to echo a key into an
input field: the price of Textual and the terminal alone. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from typing import TYPE_CHECKING

from tests.benchmarks.million import ROWS, fill
from tests.benchmarks.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

STARTS = 7
ECHOES = "what the empty app echoes"
FILTERS = (
    "nginx-09",
    "^service:state:r",
    "e:redis",
    "-0999",
    "^config:hash:/etc/ka",
    "hash:/etc/kafka-05",
    "zz",
)
PAGES = 40
WRITES = 1000
"""Changes a second by another process."""
WRITING = 20.0
"""Seconds it makes them."""

_WRITER = """
import sys, time
from sloth_tui.store import open_path
from tests.benchmarks.million import key
rows, wanted, seconds = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
with open_path(sys.argv[1], "write") as store:
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < seconds:
        store.set(key(number * 31 % rows), f"changed {number}")
        number += 1
        time.sleep(max(began + number / wanted - time.monotonic(), 0))
    print(number / (time.monotonic() - began))
"""


class Page:
    """The keys in the table, found on the lines of a screen."""

    def __init__(self, lines: list[str]) -> None:
        self.rows: list[str] = []
        heading = next(
            (place for place, line in enumerate(lines) if " key ▲" in line and "value" in line), None
        )
        if heading is None:
            return
        begin = lines[heading].index("key ▲")
        end = lines[heading].index("value", begin)
        for line in lines[heading + 1 :]:
            if line[begin - 3] != "│":
                break
            self.rows.append(line[begin:end].strip())

    def shows(self, keys: list[str], first: int) -> bool:
        """Whether every row is the one of ``keys`` that it should be when ``first`` is the first."""
        wanted = keys[first : first + len(self.rows)]
        shown = [row for row in self.rows if row]
        return (
            bool(self.rows)
            and len(shown) == len(wanted)
            and all(key.startswith(row.removesuffix("…")) for row, key in zip(shown, wanted, strict=True))
        )


def passing(keys: list[str], term: str) -> list[str]:
    if term.startswith("^"):
        first = bisect_left(keys, term[1:])
        return [key for key in keys[first : first + 300] if key.startswith(term[1:])]
    found = []
    for key in keys:
        if term in key:
            found.append(key)
            if len(found) == 300:
                break
    return found


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def say(what: str, times: list[float], echo: float, goal: str) -> None:
    middle, high = statistics.median(times), percentile(times, 0.95)
    print(
        f"{what:<44} {middle / echo:5.2f}x of an echo, 95 % {high / echo:5.2f}x "
        f"({1000 * middle:.0f} ms, {1000 * high:.0f} ms; goal {goal})"
    )


class Bench:
    def __init__(self, directory: str, rows: int) -> None:
        self.rows = rows
        self.path = os.path.join(directory, "state", "local.db")
        os.mkdir(os.path.dirname(self.path))
        self.keys = fill(self.path, rows)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "SLOTH_RUNNER_HOME": directory,
            "TERM": "xterm-256color",
        }

    def empty(self) -> Terminal:
        return Terminal([sys.executable, "-m", "tests.benchmarks.empty_app"], self.environment)

    def ours(self) -> Terminal:
        return Terminal([sys.executable, "-m", "sloth_tui", "tui"], self.environment)

    def starts(self) -> None:
        """First paint, the first page and memory; the two take turns."""
        firsts, pages, costs, memories = [], [], [], []
        for _ in range(STARTS):
            with self.empty() as terminal:
                empty = terminal.painted(lambda lines: lines[0].startswith("ready"), terminal.started)
                memory, cost = terminal.resident(), terminal.spent
            with self.ours() as terminal:
                first = terminal.painted(lambda lines: " Keys " in lines[1], terminal.started)
                page = terminal.painted(lambda lines: Page(lines).shows(self.keys, 0), terminal.started)
                costs.append(terminal.spent / cost)
                terminal.painted(lambda lines: f"{self.rows:,} keys" in lines[0], terminal.started)
                memories.append(terminal.resident() - memory)
            firsts.append(first / empty)
            pages.append(page / empty)
        print(f"{'first paint':<44} {statistics.median(firsts):5.2f}x of an empty Textual app's (goal 1.3x)")
        print(f"{'first page of keys':<44} {statistics.median(pages):5.2f}x of an empty app's first paint")
        print(f"{'processor time until then':<44} {statistics.median(costs):5.2f}x of the empty app's")
        print(f"{'memory, all keys indexed':<44} {statistics.median(memories):5.1f} MiB above it (goal 60)")

    def echo(self) -> float:
        """Seconds the empty app takes to show a key in its input field, the median."""
        with self.empty() as terminal:
            terminal.painted(lambda lines: lines[0].startswith("ready"), terminal.started)
            times = [
                terminal.painted(self._contains(ECHOES[:end]), terminal.type(ECHOES[end - 1].encode()))
                for end in range(1, len(ECHOES) + 1)
            ]
        return statistics.median(times)

    def filters(self, terminal: Terminal) -> list[float]:
        """From every key typed into the filter to the new first page."""
        times = []
        for text in FILTERS:
            terminal.type(b"/")
            terminal.look()
            before: list[str] = []
            for end in range(1, len(text) + 1):
                found = passing(self.keys, text[:end])
                typed = terminal.type(text[end - 1].encode())
                if found != before and found:
                    times.append(terminal.painted(self._page(found, 0), typed))
                before = found
            self.leave_filter(terminal)
        return times

    def leave_filter(self, terminal: Terminal) -> None:
        """And go to the first key: the cursor stays on the one that was found."""
        every = f"{self.rows:,} keys"
        terminal.painted(lambda lines: every in lines[0] and " of " not in lines[0], terminal.type(b"\x1b"))
        terminal.painted(self._page(self.keys, 0), terminal.type(b"g"))

    def page_downs(self, terminal: Terminal, pages: int) -> list[float]:
        """From every page down to the page, beginning at the top."""
        terminal.painted(self._page(self.keys, 0), terminal.type(b"g"))
        height = len(Page(terminal.look()).rows)
        return [
            terminal.painted(self._page(self.keys, place * height), terminal.type(b"\x1b[6~"))
            for place in range(1, pages)
        ]

    def run(self) -> None:
        self.starts()
        echo = self.echo()
        with self.ours() as terminal:
            terminal.painted(lambda lines: f"{self.rows:,} keys" in lines[0], terminal.started)
            say("a key in the filter to the new first page", self.filters(terminal), echo, "50 ms")
            say("page down", self.page_downs(terminal, PAGES), echo, "20 ms")
            terminal.type(b"g")
            terminal.look()
            print(f"{'at rest':<44} {terminal.busy(3.0):6.1%} of a core (goal 1 %)")
            self._under_writes(terminal, echo)

    def _under_writes(self, terminal: Terminal, echo: float) -> None:
        command = [sys.executable, "-c", _WRITER, self.path, str(self.rows), str(WRITES), str(WRITING)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(1.0)
        busy = terminal.busy(3.0)
        times = self.page_downs(terminal, PAGES // 4)
        if writer.poll() is not None:
            raise RuntimeError("the writer was done before the pages were")
        rate, _ = writer.communicate()
        what = f"while another process makes {float(rate):,.0f} changes a second"
        print(f"{what:<44} {busy:6.1%} of a core (goal 25 %)")
        say("page down meanwhile", times, echo, "50 ms")

    def _contains(self, text: str) -> Callable[[list[str]], bool]:
        return lambda lines: any(text in line for line in lines)

    def _page(self, keys: list[str], first: int) -> Callable[[list[str]], bool]:
        return lambda lines: Page(lines).shows(keys, first)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"{rows:,} keys")
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        Bench(directory, rows).run()


if __name__ == "__main__":
    main()
