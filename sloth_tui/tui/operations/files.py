"""Export to a file and import from one: ask where, say what would happen, report afterwards."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted
from sloth_tui.text import display_text, format_count

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.files import ImportPlan

_PATH_LIMIT = 120
_SAMPLE_SIZE = 8


class FileOperations:
    """Coroutines to run as workers of the app. They raise the errors of files and stores."""

    def __init__(self, operations: Operations, services: Services) -> None:
        self._operations = operations
        self._services = services

    async def export(self, keys: list[str] | None) -> None:
        """Ask for a file and write these keys to it, or all of the agent with None."""
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        what = "everything" if keys is None else format_count(len(keys), "key")
        answer = await self._operations.ask(
            PromptScreen(
                f"Export {what} to which file?",
                value=f"{self._services.agent}.jsonl",
                note="its name tells the format: .jsonl holds everything; .json, .csv, .env; .gz after it",
                check=_no_new_file,
            )
        )
        if answer is None:
            return
        path = os.path.expanduser(answer)
        replace = await asyncio.to_thread(os.path.exists, path)
        if replace and not await self._operations.confirm(
            "Replace this file?", [path], "it exists already", "Replace it"
        ):
            return
        try:
            done = await self._operations.run_job(
                f"Exporting to {path}",
                "entries",
                lambda job: self._services.files.export(job, path, keys, replace=replace),
            )
        except Interrupted:
            self._operations.notify("cancelled, nothing was written")
            return
        entries = format_count(done.entries, "entry", "entries")
        secrets = f" · {done.secrets:,} of them secrets, in plain text" if done.secrets else ""
        self._operations.notify(f"exported {entries} to {display_text(path, _PATH_LIMIT)}{secrets}")

    async def import_file(self) -> None:
        """Ask for a file, compare it with what is there, ask again, and set its entries."""
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        answer = await self._operations.ask(
            PromptScreen(
                f"Import which file into {self._services.agent}?",
                note="an export, JSON, YAML, .env, CSV, Consul's or etcd's JSON, a database; .gz of any",
                check=_no_file,
            )
        )
        if answer is None:
            return
        path = os.path.expanduser(answer)
        files = self._services.files
        try:
            plan = await self._operations.run_job(
                f"Comparing {path}", "bytes", lambda job: files.plan(job, path)
            )
            rule = await self._rule(path, plan)
            if rule is None:
                return
            done = await self._operations.run_job(
                f"Importing {path}", "bytes", lambda job: files.import_file(job, path, rule)
            )
        except Interrupted:
            self._operations.notify("cancelled, nothing was changed")
            return
        words = f"imported {display_text(path, _PATH_LIMIT)}: {done.added:,} added"
        if done.changed:
            words += f", {done.changed:,} changed"
        if done.kept:
            words += f", {done.kept:,} left as they are"
        if done.restored:
            words += ", with their history"
        self._operations.notify_undoable(words, bool(done.added + done.changed) and not done.restored)

    async def _rule(self, path: str, plan: ImportPlan) -> str | None:
        """Ask what is to be done; return ``overwrite`` or ``keep``, None to leave it."""
        from sloth_tui.tui.dialogs.import_file import ImportScreen

        if not plan.added and not plan.differing:
            self._operations.notify(
                f"nothing to import: {plan.same:,} the same already" if plan.same else "nothing to import"
            )
            return None
        facts = [f"{plan.added:,} added, {len(plan.differing):,} with another value, {plan.same:,} the same"]
        if plan.restores:
            facts.append("with all of its history: undo does not take that back")
        facts += plan.warnings
        facts += [f"~ {key}" for key in plan.differing[:_SAMPLE_SIZE]]
        if len(plan.differing) > _SAMPLE_SIZE:
            facts.append(f"… and {len(plan.differing) - _SAMPLE_SIZE:,} more")
        title = f"Import {path} ({plan.form}) into {self._services.agent}?"
        return await self._operations.ask(ImportScreen(title, facts, differing=bool(plan.differing)))


def _no_file(text: str) -> str | None:
    path = os.path.expanduser(text)
    if not text:
        return "the path of a file"
    if os.path.isdir(path):
        return "that is a directory"
    return None if os.path.exists(path) else "there is no such file"


def _no_new_file(text: str) -> str | None:
    path = os.path.expanduser(text)
    if not os.path.basename(path):
        return "the path of a file"
    if os.path.isdir(path):
        return "that is a directory"
    directory = os.path.dirname(path) or "."
    return None if os.path.isdir(directory) else f"there is no directory {directory}"
