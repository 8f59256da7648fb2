"""State for the TUI to show, and strings that try to break it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from sloth_tui.store import open_store

if TYPE_CHECKING:
    from sloth_tui.model import Value

ENTRIES: dict[str, Value] = {
    "app:api_token": "tok_very_secret",
    "cluster:members": ["agent1", "agent2"],
    "deployment:count": 12,
    "deployment:ratio": 0.5,
    "deployment:status": "complete",
    "deployment:version": "v1.2.3",
    "flag:enabled": True,
    "raw:fingerprint": b"\x8b\x00\xff\x1b",
    "table:limits": {"cpu": 2, "on": True, "name": "web", "none": None},
}

HOSTILE = (
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "a\rb",
    "a\nb",
    "\x9b31m",
    "\x85\x90\x9c",
    "[/x]",
    "[red]x[/red]",
    "[ERROR] x",
    "[$primary]",
    "[10%]",
    "[@click=app.quit]click[/]",
    "[link=http://x]y[/link]",
    "[bold",
    "]]][[[",
    "\\[x]",
    "\u202eevil\u202c",
    "\u200bzero\u200d\u2060",
    "\ufeffbom",
    "%s%d%n",
    "${x}",
    "{x}",
    "_%",
    "-leading",
    " padded ",
    "\t\tтабы",
    "世界世界",
    "👩‍👩‍👧‍👦 family",
    "e\u0301\u0301\u0301",
    "🏳️‍🌈",
    "'; DROP TABLE state; --",
    "a" * 3000,
    "𝕏" * 40,
    "\U000e0041tag",
    "\x7fdel",
    ":/:/:",
    "$PATH `id`",
    "<b>&amp;</b>",
    "\u2028line\u2029",
)
"""Keys and values that an attacker would choose."""


def fill(agent: str = "local", entries: dict[str, Value] | None = None) -> None:
    """Write entries, and for ``local`` another agent and a lock."""
    with open_store(agent, "write") as store:
        store.set_many(ENTRIES if entries is None else entries)
        if agent == "local":
            store.acquire("deploy", "task-123", 600)
    if agent == "local" and entries is None:
        fill("production", {"environment:type": "production"})


def elsewhere(code: str) -> None:
    """Do something to stores in another process; ``code`` finds :func:`open_store` in its names."""
    program = "from sloth_tui.store import open_store\n" + code
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
