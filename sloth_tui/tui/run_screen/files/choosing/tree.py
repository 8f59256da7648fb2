"""The lines of the chooser: recent files, a directory as a tree, examples; or what a search found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.tui.run_screen.paths import shown_name, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.tui.run_screen.files.disk import Folder
    from sloth_tui.tui.services.task_files import Example

RECENT, ROOT, EXAMPLES = "Recent", "Directory", "Examples"
"""The sections, by the paths under which they are open or closed."""
_INDENT = 2
_DEEPEST = 12
"""Levels after which lines are not indented further."""


class Row(NamedTuple):
    """One line of the chooser."""

    kind: str
    """``section``, ``directory``, ``up``, ``file``, ``example`` or ``note``."""
    path: str
    """Of a section its name; of a note, what it is about."""
    name: str
    """Harmless."""
    note: str = ""
    """Harmless, after the name."""
    depth: int = 0
    opened: bool = False
    places: tuple[int, ...] = ()
    """Characters of the name that a search met."""
    section: str = ""
    """RECENT for recent files: they may be further down, too."""

    @property
    def text(self) -> str:
        """The line without its note."""
        signs = {True: "▾ ", False: "▸ "}
        sign = signs[self.opened] if self.kind in ("section", "directory") else "  " if self.depth else ""
        return " " * _INDENT * min(self.depth, _DEEPEST) + sign + self.name

    @property
    def is_file(self) -> bool:
        return self.kind in ("file", "example")


class Tree:
    """Which sections and directories are open, and what is known of them."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.opened = {RECENT, ROOT, EXAMPLES}
        self.folders: dict[str, Folder] = {}
        """What was read of directories, by path."""
        self.recent: tuple[str, ...] = ()
        self.examples: tuple[Example, ...] = ()

    def move_root(self, path: str) -> None:
        """Show another directory instead; what was read of others is forgotten."""
        self.root = path
        self.folders.clear()

    def missing(self) -> list[str]:
        """Return the open directories that have not been read."""
        wanted = [self.root] if ROOT in self.opened else []
        wanted += [path for path in self.opened if os.path.isabs(path)]
        return [path for path in wanted if path not in self.folders]

    def rows(self) -> list[Row]:
        """Return the lines as they are to be shown."""
        rows: list[Row] = []
        if self.recent:
            rows.append(Row("section", RECENT, RECENT, opened=RECENT in self.opened))
            if RECENT in self.opened:
                rows += map(self._recent_row, self.recent)
        rows.append(Row("section", ROOT, shown_path(self.root), opened=ROOT in self.opened))
        if ROOT in self.opened:
            if os.path.dirname(self.root) != self.root:
                rows.append(Row("up", os.path.dirname(self.root), "..", depth=1))
            rows += self._below(self.root, 1)
        if self.examples:
            rows.append(Row("section", EXAMPLES, EXAMPLES, opened=EXAMPLES in self.opened))
            if EXAMPLES in self.opened:
                rows += [Row("example", one.path, one.name, one.summary, 1) for one in self.examples]
        return rows

    def _recent_row(self, path: str) -> Row:
        for one in self.examples:
            if one.path == path:
                return Row("example", path, one.name, "example", 1, section=RECENT)
        return Row("file", path, *_named(path, self.root), depth=1, section=RECENT)

    def _below(self, path: str, depth: int) -> Iterator[Row]:
        folder = self.folders.get(path)
        if folder is None:
            yield Row("note", path, "reading …", depth=depth)
            return
        for name in folder.directories:
            inner = os.path.join(path, name)
            yield Row("directory", inner, shown_name(name), depth=depth, opened=inner in self.opened)
            if inner in self.opened:
                yield from self._below(inner, depth + 1)
        for name in folder.files:
            yield Row("file", os.path.join(path, name), shown_name(name), depth=depth)
        if folder.note:
            yield Row("note", path, folder.note, depth=depth)
        elif not folder.directories and not folder.files:
            yield Row("note", path, "no Lua files", depth=depth)


def _named(path: str, root: str) -> tuple[str, str]:
    """Return the name of a file, and where it is."""
    folder, name = os.path.split(path)
    if folder == root:
        return shown_name(name), ""
    inside = folder.startswith(root.rstrip("/") + "/")
    return shown_name(name), shown_name(os.path.relpath(folder, root)) if inside else shown_path(folder)
