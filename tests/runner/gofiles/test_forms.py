"""What the Go program's files may use is in the manual's tables, all of it, and is tried in a file."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs import TEXTS

PAGE = TEXTS["docs/coming-from-the-go-program.md"]
FLUENT = Path(__file__).parents[3] / "sloth_tui/runner/lua/fluent"
TRIED = "\n".join(path.read_text("utf-8") for path in (Path(__file__).parent / "files").glob("*/*.sloth"))
TOUCHING = {
    *("pkg.install", "pkg.remove", "pkg.uninstall", "pkg.update"),
    *(
        f"systemd.{verb}"
        for verb in ("start", "stop", "enable", "disable", "restart", "reload", "daemon_reload")
    ),
    *(f"systemd.{verb}" for verb in ("is_active", "is_enabled", "is_failed", "status")),
    *("user.create", "user.modify", "user.add_to_group", "user.delete", "user.remove", "user.group_create"),
}
"""What would change the machine, or asks a tool that not every one has: see test_system.py."""
SAME = {"exec.command": "exec.run", "fs.remove": "fs.rm", "user.get_gid": "user.get_uid"}
SAME |= {f"user.get_{name}": "user.get_info" for name in ("home", "shell", "comment")}
SAME |= {
    "data.json_decode": "data.parse_json",
    "data.json_encode": "data.to_json",
    "file_ops.fetch": "file_ops.copy",
}
"""Functions that are another one of the same file, or a field of what it returns."""


def rows(part: str) -> list[str]:
    text = PAGE.partition(f"<!-- {part}: begin -->")[2].partition(f"<!-- {part}: end -->")[0]
    return [line.split("|")[1] for line in text.strip().splitlines()[2:]]


def defined(file: str, table: str) -> set[str]:
    """Return the names that a part of ours gives to a table, by whatever form of assignment."""
    text = (FLUENT / file).read_text("utf-8")
    names = set(re.findall(rf"^(?:local )?function {table}\.(\w+)\(", text, re.MULTILINE))
    for left in re.findall(rf"^({table}\.\w+(?:, {table}\.\w+)*) =", text, re.MULTILINE):
        names |= set(re.findall(rf"{table}\.(\w+)", left))
    return names


def test_every_method_of_a_task_is_in_the_table_and_in_a_file() -> None:
    told = {name for row in rows("tasks") for name in re.findall(r"`:(\w+)\(", row)}
    assert told == defined("builder.lua", "methods")
    tried = set(re.findall(r":(\w+)\(", TRIED)) | set(re.findall(r"\b(\w+) =", TRIED))
    assert told - tried == {"async", "pre_exec", "post_exec"}


def test_every_method_and_setting_of_a_workflow_is_in_the_table_and_in_a_file() -> None:
    told = {name for row in rows("workflows") for name in re.findall(r"`(\w+)`", row)}
    assert told == defined("workflow.lua", "methods") | defined("workflow.lua", "settings")
    tried = set(re.findall(r":(\w+)\(", TRIED)) | set(re.findall(r"\b(\w+) =", TRIED))
    assert told - tried == {"author", "tags", "metadata"}


def test_every_function_of_a_module_is_in_the_table_and_in_a_file() -> None:
    told = {name for row in rows("modules") for name in re.findall(r"\b(\w+\.\w+)", row)}
    there = {f"fs.{name}" for name in defined("names/fs.lua", "fs")}
    there |= {f"file_ops.{name}" for name in defined("names/file_ops.lua", "file_ops")}
    there |= {f"log.{name}" for name in defined("names/log.lua", "log")}
    there |= {f"pkg.{name}" for name in defined("names/pkg.lua", "pkg")}
    there |= {f"state.{name}" for name in defined("names/state.lua", "state")} - {"state.stats"}
    there |= {f"state.{name}" for name in ("lock", "try_lock", "unlock", "with_lock")}
    assert there <= told
    missing = {name for name in told if not re.search(rf"\b{re.escape(SAME.get(name, name))}\b", TRIED)}
    assert missing == TOUCHING
