"""What a person chose for runs of one file, and what of it is remembered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.tui.run_screen.files.form.command_line import holds_secret_value
from sloth_tui.tui.run_screen.files.form.fields import Assignment
from sloth_tui.tui.services.task_files import RunForm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.tui.run_screen.files.form.fields import Path

FLAGS = ("--set", "--set-string", "--set-json")
SWITCHES = {"keep_going": "Keep going", "force": "Force"}
NUMBERS = {"timeout": "Timeout", "grace": "Grace", "forks": "Forks"}
_MOST_REMEMBERED_CHARACTERS = 8000


class FormState:
    """The choices for one file; changed in place."""

    def __init__(self, file: str, example: str | None = None) -> None:
        self.file = file
        self.example = example
        self.values_file: str | None = None
        self.values_chosen = False
        """True if a person chose the values file, or none; else it is the one beside the task file."""
        self.edits: dict[Path, Assignment] = {}
        """Fields of the values file that were given another value."""
        self.lines: list[Assignment] = []
        """Further options, as they were typed."""
        self.tasks: list[str] = []
        self.workflow: str | None = None
        self.numbers: dict[str, float] = {}
        """Of NUMBERS, those that are given."""
        self.switches: set[str] = set()
        """Of SWITCHES, those that are on."""

    def copy(self) -> FormState:
        """Return the same choices, for a thread."""
        made = FormState(self.file, self.example)
        made.values_file, made.values_chosen = self.values_file, self.values_chosen
        made.edits, made.lines, made.tasks = dict(self.edits), list(self.lines), list(self.tasks)
        made.workflow, made.numbers, made.switches = self.workflow, dict(self.numbers), set(self.switches)
        return made

    def form(self) -> RunForm:
        """Return the choices as a run takes them."""
        given = [*self.edits.values(), *self.lines]
        forks = self.numbers.get("forks")
        return RunForm(
            self.file,
            self.example,
            self.values_file,
            sets=tuple(one.text for one in given if one.flag == "--set"),
            texts=tuple(one.text for one in given if one.flag == "--set-string"),
            documents=tuple(one.text for one in given if one.flag == "--set-json"),
            tasks=tuple(self.tasks),
            workflow=self.workflow,
            timeout=self.numbers.get("timeout"),
            grace=self.numbers.get("grace"),
            forks=None if forks is None else int(forks),
            keep_going="keep_going" in self.switches,
            force="force" in self.switches,
        )

    def remembered(self, secret_words: Iterable[str]) -> dict[str, object] | None:
        """Return what is kept for the next time: nothing that looks like a secret. None: all is as usual, or
        it is too much."""
        words = tuple(secret_words)

        def open_ones(given: Iterable[Assignment]) -> list[list[str]]:
            return [list(one) for one in given if not holds_secret_value(one, words)]

        kept: dict[str, object] = {
            "edits": open_ones(self.edits.values()),
            "lines": open_ones(self.lines),
            "tasks": list(self.tasks),
            "numbers": dict(self.numbers),
            "switches": sorted(self.switches),
        }
        kept = {name: value for name, value in kept.items() if value}
        if self.workflow is not None:
            kept["workflow"] = self.workflow
        if self.values_chosen:
            kept["values_file"] = self.values_file
        return kept if kept and len(json.dumps(kept)) <= _MOST_REMEMBERED_CHARACTERS else None

    def recall(self, kept: dict[str, object]) -> None:
        """Take up what was remembered; whatever else is in it is ignored."""
        edits = _assignments(kept.get("edits"))
        self.edits = {tuple(one.name.split(".")): one for one in edits}
        self.lines = _assignments(kept.get("lines"))
        self.tasks = _texts(kept.get("tasks"))
        numbers = kept.get("numbers")
        if isinstance(numbers, dict):
            self.numbers = {
                name: number
                for name, number in numbers.items()
                if name in NUMBERS and type(number) in (int, float) and number >= 0
            }
        self.switches = set(_texts(kept.get("switches"))) & set(SWITCHES)
        workflow = kept.get("workflow")
        self.workflow = workflow if isinstance(workflow, str) else None
        values_file = kept.get("values_file")
        if "values_file" in kept and (values_file is None or isinstance(values_file, str)):
            self.values_file, self.values_chosen = values_file, True


def _texts(given: object) -> list[str]:
    return [text for text in given if isinstance(text, str)] if isinstance(given, list) else []


def _assignments(given: object) -> list[Assignment]:
    pairs = [_texts(pair) for pair in given] if isinstance(given, list) else []
    return [Assignment(*pair) for pair in pairs if len(pair) == 2 and pair[0] in FLAGS and "=" in pair[1]]
