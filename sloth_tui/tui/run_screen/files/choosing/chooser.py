"""Choose a task file: recent ones, a directory as a tree, examples, or by a search."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from sloth_tui.tui.run_screen.files.choosing.file_list import FileList
from sloth_tui.tui.run_screen.files.choosing.finding import Finding
from sloth_tui.tui.run_screen.files.choosing.tree import EXAMPLES, RECENT, ROOT, Tree
from sloth_tui.tui.run_screen.files.disk import read_folder
from sloth_tui.tui.services.task_files import list_examples

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

    from sloth_tui.tui.run_screen.files.answers import Answers
    from sloth_tui.tui.run_screen.files.choosing.finding import Hits
    from sloth_tui.tui.run_screen.files.choosing.tree import Row
    from sloth_tui.tui.run_screen.files.disk import Folder
    from sloth_tui.tui.services.task_files import Example

_ARROWS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
_SOURCE_WAIT_SECONDS = 0.08
"""How long the cursor rests on a file before its source is read."""


class Chooser(Vertical):
    """The list and the line to search in; posts what is chosen."""

    DEFAULT_CSS = """
    Chooser Input, Chooser Input:focus { height: 1; border: none; padding: 0; background: $surface; }
    Chooser FileList { height: 1fr; }
    Chooser > .chooser-note {
        height: auto; max-height: 4; color: $quiet; display: none;
    }
    Chooser.noted > .chooser-note { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave_search", "Leave search", show=False)]

    class Previewed(Message):
        """The cursor rests on a file."""

        def __init__(self, path: str, example: str | None) -> None:
            super().__init__()
            self.path = path
            self.example = example

    class Opened(Previewed):
        """A file was chosen."""

    def __init__(self, root: str, answers: Answers, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._answers = answers
        self._tree = Tree(root)
        self._finding = Finding(answers, self._show_found)
        self._typed = ""
        self._entered = False
        """True if what was typed is to be opened as soon as it is found."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="find a file or path", compact=True, id="find-file")
        yield FileList(id="file-list")
        yield Static(classes="chooser-note")

    def on_mount(self) -> None:
        self._answers.ask("examples", list_examples, self._take_examples)
        self._show_tree(first_file=True)

    @property
    def files(self) -> FileList:
        return self.query_one(FileList)

    def set_recent(self, recent: tuple[str, ...]) -> None:
        """Show these files as the recent ones."""
        self._tree.recent = recent
        if not self._typed:
            self._show_tree(first_file=not self._seen)

    _seen = False
    """True once a person has moved the cursor or typed."""

    def refresh_folders(self) -> None:
        """Read the open directories again."""
        for path in list(self._tree.folders):
            self._read(path)

    def find(self) -> None:
        """Go to the line to search in."""
        # At once, here and below: keys typed meanwhile are for what has the focus then.
        self.screen.set_focus(self.query_one(Input))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave escape to the screen if no search is shown."""
        if action != "leave_search":
            return True
        field = self.query_one(Input)
        return bool(field.value) or field.has_focus

    def action_leave_search(self) -> None:
        """Show the tree again."""
        self.query_one(Input).value = ""
        self.screen.set_focus(self.files)

    # The search.

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look_for(event.value)

    def _look_for(self, typed: str) -> None:
        if typed == self._typed:
            return
        self._typed, self._seen, self._entered = typed, True, False
        if self._typed:
            self._finding.look(self._typed, self._tree)
        else:
            self._finding.stop()
            self._say("")
            self._show_tree()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # Enter overtakes what was typed just before it.
        self.query_one(Input).call_later(self._enter)

    def _enter(self) -> None:
        self._look_for(self.query_one(Input).value)
        if not self._typed or self._finding.typed == self._typed:
            self._use("open", self.files.row)
        else:
            # The list still shows what was found for another text.
            self._entered = True

    def on_key(self, event: Key) -> None:
        """Let the arrows walk through what was found while a text is typed."""
        if self.query_one(Input).has_focus and event.key in _ARROWS:
            event.stop()
            self.files.action_walk(_ARROWS[event.key])
            if not self._typed:
                self.screen.set_focus(self.files)

    def _show_found(self, hits: Hits) -> None:
        if self._typed:
            self.files.show(hits.rows, first_file=True)
            self._say(hits.note)
            if self._entered:
                self._entered = False
                self._use("open", self.files.row)

    # The tree.

    def on_file_list_walked(self, event: FileList.Walked) -> None:
        event.stop()
        self.set_timer(_SOURCE_WAIT_SECONDS, partial(self._preview, self.files.row))

    def _preview(self, row: Row | None) -> None:
        if row is not None and row is self.files.row and row.is_file:
            self.post_message(self.Previewed(row.path, _example_name(row)))

    def on_file_list_used(self, event: FileList.Used) -> None:
        event.stop()
        self._seen = True
        self._use(event.verb, event.row)

    def _use(self, verb: str, row: Row | None) -> None:
        if verb == "up":
            self._move_root(os.path.dirname(self._tree.root))
        elif row is None:
            return
        elif row.is_file and verb != "fold":
            self.post_message(self.Opened(row.path, _example_name(row)))
        elif row.kind == "up" and verb != "fold":
            self._move_root(row.path)
        elif row.kind == "directory" and self._typed:
            self._type(row.path)
        elif row.kind in ("section", "directory"):
            if verb == "fold" and not row.opened:
                self.files.go_around()
            else:
                self._fold(row.path, opened=verb == "unfold" or (verb == "open" and not row.opened))
        elif verb == "fold":
            self.files.go_around()

    def _type(self, path: str) -> None:
        field = self.query_one(Input)
        field.value = os.path.join(path, "")
        field.cursor_position = len(field.value)

    def _fold(self, path: str, *, opened: bool) -> None:
        if opened:
            self._tree.opened.add(path)
        else:
            self._tree.opened.discard(path)
            if path not in (RECENT, ROOT, EXAMPLES):
                self._tree.folders.pop(path, None)
        self._show_tree()

    def _move_root(self, path: str) -> None:
        before = self._tree.root
        self._tree.move_root(path)
        self._finding.forget()
        self._show_tree()
        self.files.go_to(before)

    def _show_tree(self, *, first_file: bool = False) -> None:
        for path in self._tree.missing():
            self._read(path)
        self.files.show(self._tree.rows(), first_file=first_file)

    def _read(self, path: str) -> None:
        self._answers.ask(f"folder {path}", partial(read_folder, path), partial(self._take_folder, path))

    def _take_folder(self, path: str, folder: Folder) -> None:
        if self._tree.folders.get(path) != folder:
            self._tree.folders[path] = folder
            if not self._typed:
                self.files.show(self._tree.rows(), first_file=not self._seen)

    def _take_examples(self, examples: list[Example]) -> None:
        self._tree.examples = tuple(examples)
        if not self._typed:
            self.files.show(self._tree.rows(), first_file=not self._seen)

    def _say(self, words: str) -> None:
        self.set_class(bool(words), "noted")
        self.query_one(".chooser-note", Static).update(Content(words))


def _example_name(row: Row) -> str | None:
    return row.name if row.kind == "example" else None
