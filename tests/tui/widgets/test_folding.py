"""Objects and lists that fold, and values laid out for people."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.text import display_text
from sloth_tui.tui.widgets.detail.folding import find_nodes, fold
from sloth_tui.tui.widgets.detail.value_text import sheet, whole_text
from tests.tui.state import HOSTILE
from tests.tui.test_values import tables, values


@given(tables, st.data())
def test_folding_hides_what_is_inside_and_unfolding_brings_it_back(
    value: object, data: st.DataObject
) -> None:
    lines = sheet(value, 0, "table").lines  # type: ignore[arg-type]
    known = find_nodes(lines)
    everything, numbers = fold(lines, known, set())
    assert numbers == list(range(len(lines)))
    assert [
        line.replace("▾ ", "  ", 1) if at in known else line for at, line in enumerate(everything)
    ] == lines
    paths = [node.path for node in known.values()]
    assert len(set(paths)) == len(paths)
    chosen = set(data.draw(st.lists(st.sampled_from(paths)) if paths else st.just([])))
    shown, numbers = fold(lines, known, chosen)
    hidden = {
        at for start, node in known.items() if node.path in chosen for at in range(start + 1, node.end + 1)
    }
    assert numbers == [at for at in range(len(lines)) if at not in hidden]
    assert all(display_text(line) == line for line in shown)


def test_a_folded_list_says_how_much_is_in_it() -> None:
    lines = sheet({"a": [1, {"b": 2}, []], "c": {}}, 0, "table").lines
    known = find_nodes(lines)
    assert [(start, node.end, node.members) for start, node in sorted(known.items())] == [
        (1, 7, 3),
        (3, 5, 1),
    ]
    shown, _ = fold(lines, known, {known[1].path})
    assert shown == ["{", '▸ "a": [ … 3 members ],', '  "c": {}', "}"]


def test_what_was_cut_folds_too() -> None:
    laid_out = sheet({"a": list(range(100))}, 999, "table", limit=50)
    assert laid_out.note == "first 50 B of 999 B"
    known = find_nodes(laid_out.lines)
    shown, _ = fold(laid_out.lines, known, {known[1].path})
    assert shown[1].endswith("members and more")


@given(tables)
def test_text_that_is_json_is_laid_out_and_stays_what_it_is(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    laid_out = sheet(text, 0, "string")
    assert laid_out.kind == "table"
    assert laid_out.lines == sheet(value, 0, "table").lines  # type: ignore[arg-type]


def test_text_that_is_json_keeps_its_numbers_and_doubled_names() -> None:
    assert sheet('{"a":1.00,"a":1e400}', 0, "string").lines == ["{", '  "a": 1.00,', '  "a": 1e400', "}"]
    for text in ("{", "[1,]", "[" * 5000, "[deploy] done", "plain"):
        assert sheet(text, 0, "string").kind == "string"


@given(values)
def test_all_of_a_value_is_harmless_text(value: object) -> None:
    text = "".join(whole_text(value))  # type: ignore[arg-type]
    assert display_text(text, lines=True) == text


def test_a_dump_of_bytes_fits_its_view() -> None:
    data = bytes(range(40))
    for width, per_line in ((0, 16), (76, 16), (75, 8), (43, 8), (42, 4), (10, 4)):
        lines = sheet(data, 40, "bytes", width).lines
        assert len(lines) == -(-40 // per_line)
        assert not width or width < 27 or max(map(len, lines)) <= width
    assert sheet(b"ab\x00", 3, "bytes", 30).lines == ["00000000  61 62 00     ab·"]


def test_hostile_text_in_json_is_harmless() -> None:
    for text in HOSTILE:
        for value in ({text: [text]}, json.dumps({text: [text]}, ensure_ascii=False)):
            lines = sheet(value, 0, "table" if isinstance(value, dict) else "string").lines  # type: ignore[arg-type]
            assert all(display_text(line) == line for line in lines)
