"""What other programs rely on changes only on purpose: it is stored as text in ``tests/surface.txt``."""

from __future__ import annotations

import difflib
import importlib.resources

import pytest

import sloth_tui
from tests.surface import STORED, draw


def test_the_public_surface_is_the_stored_one() -> None:
    stored, found = STORED.read_text("utf-8"), draw()
    difference = difflib.unified_diff(
        stored.splitlines(), found.splitlines(), "stored", "found", n=1, lineterm=""
    )
    assert found == stored, (
        "the public surface has changed; if that is meant, tell it in CHANGELOG.md and run"
        " `python -m tests.surface`:\n" + "\n".join(difference)
    )


@pytest.mark.parametrize("name", sloth_tui.__all__)
def test_every_exported_name_can_be_imported(name: str) -> None:
    assert getattr(sloth_tui, name) is not None


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError, match="module 'sloth_tui' has no attribute 'no_such_name'"):
        sloth_tui.no_such_name  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert importlib.resources.files(sloth_tui).joinpath("py.typed").is_file()
