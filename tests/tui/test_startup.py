"""What the first picture does without is not loaded before it."""

from __future__ import annotations

import subprocess
import sys

_LATE = (
    "widgets.agent_list",
    "widgets.detail.detail",
    "widgets.detail.history_view",
    "widgets.detail.plot",
    "widgets.dock.lock_list",
    "widgets.dock.log_view",
    "widgets.dock.run_view",
    "widgets.dock.stats_view",
)


def test_the_app_is_loaded_without_the_panes_that_are_made_last() -> None:
    program = "import sys, sloth_tui.tui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sloth_tui.tui.widgets.key_table.key_table" in loaded
    parts = {name.removeprefix("sloth_tui.tui.") for name in loaded if name.startswith("sloth_tui.tui.")}
    assert not parts & set(_LATE)
    of_runs = ("run_screen", "own_commands", "services.runs", "services.run_output", "services.commands")
    assert not {name for name in parts if name.startswith(of_runs)}
    assert not {name for name in loaded if name.startswith(("sloth_tui.runner", "sloth_tui.runs"))}
    operations = {name for name in parts if name.startswith("operations.")}
    assert operations == {"operations.common"}
    assert not {name for name in parts if name.startswith(("dialogs.", "browser.controllers."))} - {
        "browser.controllers.keys"
    }
