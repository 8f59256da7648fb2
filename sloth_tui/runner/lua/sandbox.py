"""The Lua runtime that task files run in, and what they may not reach.

Nothing of Python is reachable from task code: host functions are held as locals by Lua closures, the
runtime's attribute filter denies every access, its metatables are hidden, ``debug``, ``io``, ``package``
and the like are not there. Strings cross as bytes, so that those which are no UTF-8 stay what they are.
Time is limited from outside, by killing the process: no hook ends a backtracking pattern.

Memory: a soft limit is checked before each host call; the allocator's lies above it, because a Python
function that returns a string when the allocator refuses ends the process; RLIMIT_AS stands behind.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from lupa.lua54 import LuaError, LuaRuntime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HERE = os.path.dirname(__file__)
_HEADROOM = 128 * 1024 * 1024
"""Bytes between the soft limit and the allocator's: one largest value, twice."""
_RUBBISH = 8 * 1024 * 1024
"""Bytes that may pile up before they are collected between two tasks."""


class Outcome(NamedTuple):
    """How a piece of task code ended."""

    error: str | None
    """Why it failed, with ``file.lua:LINE:``; None if it did not."""
    trace: str | None
    remark: str | None
    """Something worth a warning, though it did not fail."""


class Sandbox:
    """One Lua runtime. Not for use by several threads."""

    def __init__(self, host: Mapping[str, Callable[..., object]], memory_limit: int) -> None:
        """``host``: ``read_module(name)``, for ``require``. ``memory_limit`` in bytes."""
        self._lua = LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_deny,
            max_memory=memory_limit + _HEADROOM,
        )
        self.memory_limit = memory_limit
        self._collect_beyond = 0
        functions = self._table({**host, "any": _deny})
        self._kit, self._load, self._run, self._collect = self._execute(
            "bootstrap.lua", functions, memory_limit // 1024, *self._execute("steps.lua")
        )
        self.define("order", {})
        self.define("json_reading", {})

    def define(self, module: str, functions: Mapping[str, Callable[..., object]], *arguments: object) -> Any:
        """Run ``modules/<module>.lua`` with the kit, the host's functions and ``arguments``."""
        return self._execute(f"modules/{module}.lua", self._kit, self._table(functions), *arguments)

    def publish(self, name: str, value: object) -> None:
        """Let task code see ``value``, something made in Lua, as a global."""
        self._kit[b"env"][name.encode()] = value

    def load(self, source: bytes, name: str) -> Outcome:
        """Run a file's own code; ``name`` is how its errors call it."""
        return self._protect(self._load, source, b"@" + os.fsencode(name))

    def run(self, function: object) -> Outcome:
        """Run a task's function."""
        return self._protect(self._run, function)

    def room(self, size: int) -> bool:
        """Whether a host function may hand ``size`` more bytes to Lua."""
        used: int = self._lua.get_memory_used()
        return used + size < self.memory_limit + _HEADROOM // 2

    def _protect(self, function: Any, *arguments: object) -> Outcome:
        try:
            outcome = _outcome(*function(*arguments))
        except (LuaError, MemoryError) as error:
            # Only what happens where Lua has no handler: memory that is out between two calls.
            outcome = Outcome(_text(str(error).encode()), None, None)
        self._collect_rubbish()
        return outcome

    def _collect_rubbish(self) -> None:
        """So that each task begins with the memory others gave back. Not after each of many small tasks:
        it takes as long as there are values that are still in use."""
        if self._lua.get_memory_used() > self._collect_beyond:
            self._collect(b"collect")
            self._collect_beyond = self._lua.get_memory_used() + _RUBBISH

    def _execute(self, file: str, *arguments: object) -> Any:
        with open(os.path.join(_HERE, file), "rb") as source:
            chunk = self._lua.compile(source.read(), name=b"=[sloth]")
        return chunk(*arguments)

    def _table(self, functions: Mapping[str, Callable[..., object]]) -> Any:
        return self._lua.table_from({name.encode(): function for name, function in functions.items()})


def _deny(*_: object) -> NoReturn:
    raise AttributeError("not available")


def _outcome(kind: bytes, *details: Any) -> Outcome:
    if kind == b"raised":
        message, trace = details
        return Outcome(_text(message), _text(trace) or None, None)
    first, second, described, defined = details
    if first == b"false":
        why = _text(described) if second != b"nil" else "returned false"
        return Outcome(why if has_position(why) else _text(defined) + why, None, None)
    if first == b"nil" and second == b"string":
        return Outcome(None, None, f"returned nil, '{_text(described)}'; to fail, return false and why")
    return Outcome(None, None, None)


def has_position(message: str) -> bool:
    """Whether it begins with ``file.lua:LINE:``."""
    file, colon, rest = message.partition(":")
    return bool(file and colon and rest.partition(":")[0].isdigit())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
