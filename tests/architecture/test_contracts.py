"""The import contracts say all that they hold."""

from __future__ import annotations

import pkgutil
import re
import tomllib

import sloth_tui
import sloth_tui.tui
from tests.docs import ROOT


def test_the_contract_of_the_widgets_allows_or_forbids_every_module() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one.get("source_modules") == ["sloth_tui.tui.widgets"])
    allowed = {
        f"sloth_tui.{name}"
        for name in re.findall(
            r"[\w.]+", contract["name"].removeprefix("Widgets see ").rpartition(", and ")[0]
        )
        if name != "and"
    }
    forbidden = set(contract["forbidden_modules"])
    modules = {
        f"{package.__name__}.{module.name}"
        for package in (sloth_tui, sloth_tui.tui)
        for module in pkgutil.iter_modules(package.__path__)
    }
    inside = {"sloth_tui.tui", "sloth_tui.tui.widgets"}
    assert not allowed & forbidden
    assert allowed | forbidden == modules - inside - {"sloth_tui.__main__"}
