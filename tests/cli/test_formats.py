"""Formats are named where command lines are read, and written elsewhere."""

from __future__ import annotations

from sloth_tui.cli.output.formats import WRITERS
from sloth_tui.cli.parsing.spec import RECORDS


def test_every_format_that_is_named_is_written_and_none_else() -> None:
    assert tuple(WRITERS) == RECORDS
