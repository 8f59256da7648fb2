"""What the first picture does without is not loaded before it."""

from __future__ import annotations

import subprocess
import sys

_LATE = (
    "agent_list",
    "detail_body",
    "history_view",
    "lock_list",
    "log_view",
    "plot",
    "run_view",
    "stats_view",
)


def test_the_app_is_loaded_without_the_panes_that_are_made_last() -> None:
    program = "import sys, sloth_tui.tui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sloth_tui.tui.widgets.key_table.key_table" in loaded
    assert not loaded & {f"sloth_tui.tui.widgets.{name}" for name in _LATE}
    assert not {name for name in loaded if name.endswith("_operations")}
