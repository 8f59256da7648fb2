from __future__ import annotations

import pytest

from sloth_tui.store.history import change_ids


@pytest.mark.parametrize(
    ("name", "number", "first_revision"),
    [
        ("17", 17, None),
        ("x17", None, 17),
        ("9" * 30, 10**18 - 1, None),
        ("x" + "9" * 30, None, 10**18 - 1),
        ("x", None, None),
        ("", None, None),
        ("-1", None, None),
        ("0x11", None, None),
        ("3f9a", None, None),
        ("xx17", None, None),
    ],
)
def test_an_id_tells_whose_change_set_it_is(
    name: str, number: int | None, first_revision: int | None
) -> None:
    assert change_ids.number_of(name) == number
    assert change_ids.first_revision_of(name) == first_revision


def test_an_id_of_others_reads_as_what_it_was_made_of() -> None:
    assert change_ids.first_revision_of(change_ids.of_others(4096)) == 4096
