"""The lines of the Run view about a whole run: what it is, how far, which locks it holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.text import display_text, format_count, format_duration
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.widgets.dock.lock_list import draw_bar

if TYPE_CHECKING:
    from sloth_tui.model import Lock
    from sloth_tui.tui.services.runs.watched import WatchedRun

_FILE_CELLS = 60
_BAR_CELLS = 6


def mark_of(run: WatchedRun) -> tuple[str, str]:
    """Return the sign of a run's state, and its style."""
    if run.going:
        return ("▶", "$primary")
    if run.result != "done":
        return ("✗", "bold $error")
    return ("≠", "$warning") if run.would_change else ("✓", "$success")


def name_of(run: WatchedRun) -> str:
    """Return the file of a run without its folder, harmless."""
    return display_text(run.file.rpartition("/")[2] or run.file, _FILE_CELLS)


def status_of(run: WatchedRun, now: float) -> Content:
    """Return how a run goes, or how it ended; ``now`` in unix seconds."""
    mark, style = mark_of(run)
    word = _word(run)
    what = f"{'check ' if run.run.check else ''}{name_of(run)}"
    passed = run.duration
    if passed is None or run.going:
        passed = float(int(max(now - run.run.started, 0.0)))
    facts = [format_duration(passed)]
    if changed := run.progress.changed:
        facts.append(format_count(changed, "change"))
    if run.left:
        facts.append("goes on without this program")
    elif not run.is_ours:
        facts.append(f"started elsewhere, run {run.id}")
    if run.problem is not None:
        facts.append(f"not kept: {display_text(run.problem, 100)}")
    if run.going and run.asked:
        again = "asked to end" if run.asked > 1 else f"asked to end; {key_of('stop_run')} again kills it"
        facts.append(again)
    parts: list[tuple[str, str] | str] = [
        (f"{mark} {word} ", style),
        (what, "bold"),
        " on ",
        (display_text(run.run.agent, _FILE_CELLS), "bold"),
        ("  " + "  ".join(facts), "$quiet"),
    ]
    if not run.going and run.error:
        parts.append((f"  {display_text(run.error, 200)}", "$error"))
    return Content.assemble(*parts)


def _word(run: WatchedRun) -> str:
    if run.going:
        return "checking" if run.run.check else "running"
    if run.run.check and run.result == "done":
        return "would change" if run.would_change else "as wanted"
    return run.result


def locks_line(locks: list[Lock], read_at: float) -> Content:
    """Return the locks with the time they have left; they were read at ``read_at`` (``time.monotonic``)."""
    passed = max(time.monotonic() - read_at, 0.0)
    parts: list[tuple[str, str] | str] = [("holds ", "$quiet")]
    for number, lock in enumerate(locks):
        left = max(lock.remaining - passed, 0.0)
        lease = None if lock.acquired_at is None else lock.expires_at - lock.acquired_at
        bar, ending, style = draw_bar(left, lease, _BAR_CELLS)
        parts += [
            "  " if number else "",
            (display_text(lock.name, 40), "bold"),
            (f" {bar} {'!' if ending else ''}{format_duration(float(int(left)))}", style),
        ]
    return Content.assemble(*parts)
