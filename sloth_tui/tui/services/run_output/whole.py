"""All of the output of a run, as its events stand in the file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.describe import RunDescriber, plain_text
from sloth_tui.runner.public_events import decode_public
from sloth_tui.runs.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def whole_output(run: str, is_secret: Callable[[str], bool]) -> Iterator[str]:
    """Yield the text of a run so far, harmless and without styles, in parts. Raises RunNotFound at the first
    one if its events are not kept."""
    describer = RunDescriber(is_secret=is_secret)
    with Archive().follow(run) as file:
        while lines := file.lines():
            shown = []
            for line in lines:
                with suppress(ValueError):
                    shown += [plain_text(told) for told in describer.lines(decode_public(line))]
            yield "".join(f"{line}\n" for line in shown)
