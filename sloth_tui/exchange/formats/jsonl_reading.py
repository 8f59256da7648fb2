"""Read the own format, and the lines of ``state list -o jsonl``, which have neither header nor trailer."""

from __future__ import annotations

import json

from sloth_tui.exchange.faults import fault, not_utf8
from sloth_tui.exchange.formats.jsonl_checked import BOM, HINT, Checked
from sloth_tui.exchange.formats.jsonl_parts import Header, entry_of, header_of, part_of
from sloth_tui.exchange.found import Batches, Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source
    from sloth_tui.store.parts import Batch, Part


class JsonLines:
    """A file in the own format."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.header: Header | None = None
        """None for a file without one."""
        first = next(iter(source.line_batches()), [b""])[0].removeprefix(BOM)
        line = self._parsed(first, 1)
        if "sloth" in line:
            self.header = header_of(source.name, line)
        elif "key" not in line:
            raise fault(source.name, "the header is missing", 1, hint=HINT)

    def batches(self, notes: Notes, prefix: str) -> Iterator[Batch]:
        """Yield the entries. Raises ImportFileUnusable, at the end also for what was edited or is missing."""
        if self.header is None:
            yield from Batches(self._source, notes, prefix).of(self._records())
        else:
            yield from Checked(self._source, self.header, self._parsed).batches(notes, prefix)

    def parts(self) -> Iterator[Part]:
        """Yield the whole store that a file with history holds. Raises like :meth:`batches`."""
        assert self.header is not None
        yield self.header.outline
        checked = Checked(self._source, self.header, self._parsed)
        for number, line in checked.lines():
            yield part_of(self._source.name, line, number)

    def _records(self) -> Iterator[Found]:
        number = 0
        for lines in self._source.line_batches():
            for line in lines:
                number += 1
                if not line.strip():
                    continue
                found = self._parsed(line.removeprefix(BOM) if number == 1 else line, number)
                if found.get("end") is True:
                    raise fault(self._source.name, "a trailer without a header: the file was edited", number)
                yield entry_of(self._source.name, found, number)

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        """Return the object of a line. Raises ImportFileUnusable."""
        name = self._source.name
        try:
            found = json.loads(line.decode(), object_pairs_hook=_once)
        except UnicodeDecodeError as error:
            raise not_utf8(name, line[: error.start], number) from None
        except json.JSONDecodeError as error:
            complaint = error.msg[:1].lower() + error.msg[1:]
            raise fault(name, f"not JSON: {complaint} (column {error.colno:,})", number) from None
        except RecursionError:
            raise fault(name, "nested too deep", number) from None
        except ValueError as error:
            raise fault(name, str(error), number) from None
        if not isinstance(found, dict):
            raise fault(name, "not a JSON object", number)
        return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice[:64]}' occurs twice in one object")
    return found
