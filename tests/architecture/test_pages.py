"""The pages for developers are held to the tree."""

from __future__ import annotations

import os
import re

import pytest

from tests.docs import ROOT, TEXTS, section, table

ARCHITECTURE = TEXTS["ARCHITECTURE.md"]


def architecture_paths() -> list[str]:
    """Files and folders that ARCHITECTURE.md names. In the table of folders a file is in its row's folder; in
    the table of changes a bare name is beside the row's first file, or on the ground floor."""
    found: list[str] = []
    for row in table(section(ARCHITECTURE, "Folders")):
        folder = row[0].strip("`")
        found.append(folder)
        names = re.findall(r"`([\w./]+(?:\.\w+|/))`", row[1])
        found += [name if name.startswith("tests/") else folder + name for name in names]
    for row in table(section(ARCHITECTURE, "To add X, edit Y")):
        names = re.findall(r"`([\w/]+[./][\w./]*)`", row[1])
        for name in names:
            if name.startswith(("tests/", "docs/")):
                found.append(name)
            elif "/" not in name and name != names[0]:
                beside = os.path.dirname(names[0])
                below = f"sloth_tui/{beside}/{name}"
                found.append(below if (ROOT / below).exists() else f"sloth_tui/{name}")
            else:
                found.append(f"sloth_tui/{name}")
    for name in re.findall(r"`([\w./]+/[\w.]*)`", ARCHITECTURE.partition("## How things travel")[2]):
        found.append(name if (ROOT / name).exists() else f"sloth_tui/{name}")
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("path", architecture_paths())
def test_what_the_architecture_page_names_exists(path: str) -> None:
    there = ROOT / path
    assert there.is_dir() if path.endswith("/") else there.exists()


def test_the_architecture_page_has_a_row_for_each_folder_or_for_the_one_above_it() -> None:
    rows = {row[0].strip("`").rstrip("/") for row in table(section(ARCHITECTURE, "Folders"))}
    parts = rows - {"sloth_tui", "sloth_tui/cli", "sloth_tui/tui"}  # whose folders have rows of their own
    folders = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "sloth_tui").rglob("*"))
        if path.is_dir() and path.name != "__pycache__"
    ]
    assert [
        str(folder) for folder in folders if str(folder) not in rows and str(folder.parent) not in parts
    ] == []


def test_paths_that_the_page_for_contributors_names_exist() -> None:
    named = re.findall(r"\b(?:tests|sloth_tui|tools)/[\w./]*\w", TEXTS["CONTRIBUTING.md"])
    assert len(named) >= 5
    assert [path for path in named if not (ROOT / path).exists()] == []
