"""What is exported and imported again is as it was, in each format that can hold it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.exchange.exporting import Request, export
from sloth_tui.exchange.importing import Import
from sloth_tui.store import open_path
from sloth_tui.values.codec import MAX_INTEGER, MIN_INTEGER, same
from tests.strategies import CHARACTERS, WITHOUT_NUL
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from sloth_tui.model import Value

_TEXT = st.text(CHARACTERS, max_size=30) | st.sampled_from(
    ["", '{"base64":"aGk="}', "=1+1", "a\r\nb", "\r", "'", '"']
)
_KEYS = st.text(WITHOUT_NUL, min_size=1, max_size=30)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True, alphabet=CHARACTERS)
_NUMBERS = st.integers(MIN_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
_TREES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_TABLES = st.lists(_TREES, max_size=3) | st.dictionaries(_TEXT, _TREES, max_size=3)
_BYTES = st.binary(max_size=20) | st.sampled_from([b'{"base64":"aGk="}', b"\xff", b"text"])
_HELD_BY_JSON = _TEXT | st.booleans() | _NUMBERS | _TABLES | st.just({"base64": "aGk="})
_VALUES = _HELD_BY_JSON | _BYTES
_EXAMPLES = settings(max_examples=rounds(8, 1000))


def there_and_back(values: dict[str, Value], form: str, path: Path, **request: object) -> dict[str, Value]:
    """Return what a second store holds after an export from a first one, and an import."""
    for name in ("one.db", "two.db"):
        for file in path.glob(name + "*"):
            file.unlink()
    file = path / "export"
    written = io.BytesIO()
    with open_path(str(path / "one.db"), "write") as source:
        source.set_many(values)
        done = export(source, Request(form=form, **request), written.write)  # type: ignore[arg-type]
        assert done.entries == len(values)
    file.write_bytes(written.getvalue())
    with Import(str(file)) as found, open_path(str(path / "two.db"), "write") as target:
        assert found.form == form
        found.into(target, "fail", None, None)
        return dict(target.items())


def assert_same(found: dict[str, Value], expected: dict[str, Value]) -> None:
    assert list(found) == sorted(expected, key=str.encode)
    assert [key for key, value in found.items() if not same(value, expected[key])] == []


@_EXAMPLES
@given(values=st.dictionaries(_KEYS, _VALUES, max_size=12))
def test_json_lines_hold_everything(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Value]
) -> None:
    assert_same(there_and_back(values, "jsonl", tmp_path_factory.mktemp("lines")), values)


@_EXAMPLES
@given(values=st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=12))
def test_csv_holds_everything(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Value]) -> None:
    assert_same(there_and_back(values, "csv", tmp_path_factory.mktemp("csv")), values)


@_EXAMPLES
@given(values=st.dictionaries(_KEYS, _HELD_BY_JSON, min_size=1, max_size=12))
def test_json_holds_all_but_bytes(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Value]) -> None:
    assert_same(there_and_back(values, "json", tmp_path_factory.mktemp("json")), values)


@_EXAMPLES
@given(values=st.dictionaries(_NAMES, st.text(WITHOUT_NUL)))
def test_env_holds_text(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Value]) -> None:
    if values:
        assert_same(there_and_back(values, "env", tmp_path_factory.mktemp("env")), values)


def test_a_table_that_looks_like_bytes_stays_a_table(tmp_path: Path) -> None:
    values: dict[str, Value] = {
        "bytes": b"\xff\x00",
        "table": {"base64": "/wA="},
        "text": '{"base64":"/wA="}',
    }
    for form in ("jsonl", "csv"):
        assert_same(there_and_back(values, form, tmp_path), values)


def test_many_entries_among_unusual_ones(tmp_path: Path) -> None:
    """Lines are built and parsed by the page, and a page with something unusual one by one."""
    values: dict[str, Value] = {f"key:{number:05}": f"value {number}" for number in range(3000)}
    values |= {f"key:{number:05}:é": number / 7 for number in range(0, 3000, 500)}
    values |= {"key:00900": "x" * 5000, "key:01500": b"\xfe", "key:02000": [1, "\ud7ff", None]}
    assert_same(there_and_back(values, "jsonl", tmp_path), values)
    chosen = [f"key:{number:05}" for number in (3, 900, 1500)]
    found = there_and_back_of_keys(values, chosen, tmp_path)
    assert_same(found, {key: values[key] for key in chosen})


def there_and_back_of_keys(values: dict[str, Value], keys: list[str], path: Path) -> dict[str, Value]:
    written = io.BytesIO()
    with open_path(str(path / "three.db"), "write") as source:
        source.set_many(values)
        export(source, Request(keys=keys), written.write)
    (path / "chosen").write_bytes(written.getvalue())
    with Import(str(path / "chosen")) as found, open_path(str(path / "four.db"), "write") as target:
        found.into(target, "fail", None, None)
        return dict(target.items())


def test_lines_are_those_of_the_listing(tmp_path: Path) -> None:
    """Built by SQLite or not: the same bytes, but for escapes that JSON leaves open."""
    values: dict[str, Value] = {
        "b": True, "big": "x" * 5000, "f": -0.0, "i": MAX_INTEGER, "s": 'é"\\\n', "t": {"a": [1.5, None]},
    }  # fmt: skip
    seen = []
    for without in ((), ("big",)):
        written = io.BytesIO()
        with open_path(str(tmp_path / f"{len(without)}.db"), "write") as store:
            store.set_many({key: value for key, value in values.items() if key not in without})
            entries = list(store.entries())
            export(store, Request(), written.write)
        lines = [json.loads(line) for line in written.getvalue().splitlines()[1:-1]]
        assert [line["key"] for line in lines] == [entry.key for entry in entries]
        assert [repr(line["value"]) for line in lines] == [repr(entry.value) for entry in entries]
        assert [line["size"] for line in lines] == [entry.size for entry in entries]
        seen.append({line["key"]: list(line) for line in lines})
    assert all(seen[0][key] == fields for key, fields in seen[1].items())
