"""Find task files by some letters of their names, or complete a typed path."""

from __future__ import annotations

import heapq
import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.text import format_count
from sloth_tui.tui.run_screen.files.choosing.tree import Row
from sloth_tui.tui.run_screen.files.disk import Found, find_files
from sloth_tui.tui.run_screen.paths import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.tui.run_screen.files.answers import Answers
    from sloth_tui.tui.run_screen.files.choosing.tree import Tree
    from sloth_tui.tui.services.task_files import Example

_MOST_HITS = 200
_NAME_WEIGHT = 1.1
_EXAMPLE_WEIGHT = 0.9
_CHECK_EVERY = 512
_PATH_BEGINNINGS = ("/", "~", "./", "../")


class Hits(NamedTuple):
    """What was found for a text, best first."""

    rows: list[Row]
    note: str


class Finding:
    """One search after the other. The files below the directory are listed for the first one."""

    def __init__(self, answers: Answers, show: Callable[[Hits], None]) -> None:
        self._answers = answers
        self._show = show
        self._found: Found | None = None
        self._root = ""
        self.typed: str | None = None
        """The text for which hits are shown."""

    def look(self, typed: str, tree: Tree) -> None:
        """Find files for this text; the hits are shown as soon as they are known."""
        self.typed = None
        if typed.startswith(_PATH_BEGINNINGS):
            self._answers.ask("hits", partial(_complete, typed, tree.root), partial(self._take, typed))
            return
        if self._root != tree.root:
            self._root, self._found = tree.root, None
            self._answers.ask(
                "walk",
                partial(find_files, tree.root, self._answers.turn("walk")),
                partial(self._take_found, tree),
            )
        self._typing = typed
        self._match(tree)

    _typing = ""

    def stop(self) -> None:
        """Want no hits any more."""
        self.typed = None
        self._answers.drop("hits")

    def forget(self) -> None:
        """List the files anew for the next search."""
        self._root, self._found = "", None
        self._answers.drop("walk")

    def _take_found(self, tree: Tree, found: Found) -> None:
        self._found = found
        self._match(tree)

    def _match(self, tree: Tree) -> None:
        found, typed = self._found, self._typing
        note = "still looking through the directories …" if found is None else found.note
        files = () if found is None else tuple(found.files)
        is_over = self._answers.turn("hits")
        work = partial(_best, typed, tree.root, files, tree.recent, tree.examples, note, is_over)
        self._answers.ask("hits", work, partial(self._take, typed))

    def _take(self, typed: str, hits: Hits) -> None:
        self.typed = typed
        self._show(hits)


def _best(
    typed: str,
    root: str,
    files: tuple[str, ...],
    recent: tuple[str, ...],
    examples: tuple[Example, ...],
    note: str,
    is_over: Callable[[], bool],
) -> Hits:
    """Return the files that match best: by their name rather than their directory, short ones first."""
    from sloth_tui.tui.palette import match

    below = os.path.join(root, "")
    shipped = {one.path for one in examples}
    known = (path.removeprefix(below) for path in recent if path not in shipped)
    own = dict.fromkeys([*known, *files])
    candidates = [*((path, "") for path in own), *((one.name, one.path) for one in examples)]
    scored: list[tuple[float, int, str, str]] = []
    for count, (text, example) in enumerate(candidates):
        score, _ = match(typed, text)
        if score:
            in_name, _ = match(typed, text.rpartition("/")[2])
            weight = _EXAMPLE_WEIGHT if example else 1
            scored.append((-max(score, in_name * _NAME_WEIGHT) * weight, len(text), text, example))
        if count % _CHECK_EVERY == 0 and is_over():
            break
    best = heapq.nsmallest(_MOST_HITS, scored)
    told = f"{format_count(len(scored), 'hit')} in {format_count(len(candidates), 'file')}"
    if len(scored) > _MOST_HITS:
        told = f"the best {_MOST_HITS:,} of {told}"
    rows = [_row(text, example, below, match(typed, text)[1]) for _, _, text, example in best]
    return Hits(rows, f"{told}; {note}" if note else told)


def _row(text: str, example: str, below: str, places: list[int]) -> Row:
    """Return the line of a hit; ``example``: the path of one, whose name the text is."""
    if example:
        return Row("example", example, text, "example", places=tuple(places))
    shown = shown_name(text)
    return Row("file", os.path.join(below, text), shown, places=tuple(places) if shown == text else ())


def _complete(typed: str, root: str) -> Hits:
    """Return the directories and task files whose path begins with what was typed."""
    from sloth_tui.tui.dialogs.choose_file import find_completions

    before = os.path.join(root, "") if typed.startswith(".") else ""
    rows = []
    for path in find_completions(before + typed):
        kind = "directory" if path.endswith("/") else "file"
        whole = os.path.normpath(os.path.expanduser(path))
        rows.append(Row(kind, whole, shown_name(path.removeprefix(before))))
    return Hits(rows, "" if rows else "no Lua file and no directory begins like this")
