"""The Lua runtime that task files run in, isolated from Python.

Task code cannot reach anything of Python: Lua closures hold the host functions as locals, the runtime's
attribute filter denies every access, its metatables are hidden, and ``debug``, ``io``, ``package`` and the
like are absent. Strings cross as bytes, so that those that are not UTF-8 stay intact. The supervisor limits
time by killing the process, because no hook ends a backtracking pattern.

Memory has three limits. A soft limit is checked before each host call. The allocator's limit is above it:
a Python function that returns a string while the allocator refuses memory would end the process. RLIMIT_AS is
the last resort.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from lupa.lua54 import LuaError, LuaRuntime

from sloth_tui.runner.lua.convert import host_function, text_from_lua

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HERE = os.path.dirname(__file__)
_HEADROOM_BYTES = 128 * 1024 * 1024
"""Between the soft limit and the allocator's: twice the largest value."""
_GARBAGE_BYTES = 8 * 1024 * 1024
"""Growth since the last collection that causes the next one between two tasks."""


class Outcome(NamedTuple):
    """The result of a piece of task code."""

    error: str | None
    """Why it failed, after ``file.lua:LINE:``; None if it succeeded."""
    trace: str | None
    warning: str | None
    """A warning about code that succeeded."""


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
            max_memory=memory_limit + _HEADROOM_BYTES,
        )
        self.memory_limit = memory_limit
        self._collect_beyond = 0
        functions = self._table({"any": _deny})
        self._kit, self._load, self._run, self._collect = self._execute(
            "bootstrap.lua", functions, memory_limit // 1024, *self._execute("steps.lua")
        )
        self.define("require", {**host, "read_part": host_function(_read_part)})
        self.define("order", {})
        self.define("json_reading", {})

    def define(self, module: str, functions: Mapping[str, Callable[..., object]], *arguments: object) -> Any:
        """Run ``modules/<module>.lua`` with the kit, the host's functions and ``arguments``."""
        return self._execute(f"modules/{module}.lua", self._kit, self._table(functions), *arguments)

    def publish(self, name: str, value: object) -> None:
        """Make ``value``, a Lua value, a global of task code."""
        self._kit[b"env"][name.encode()] = value

    def load(self, source: bytes, name: str) -> Outcome:
        """Run the code of a file; ``name`` stands for the file in its errors."""
        return self._run_protected(self._load, source, b"@" + os.fsencode(name))

    def run(self, function: object) -> Outcome:
        """Run the function of a task."""
        return self._run_protected(self._run, function)

    def has_room(self, size: int) -> bool:
        """True if a host function may hand ``size`` more bytes to Lua."""
        used: int = self._lua.get_memory_used()
        return used + size < self.memory_limit + _HEADROOM_BYTES // 2

    def _run_protected(self, function: Any, *arguments: object) -> Outcome:
        try:
            outcome = _outcome(*function(*arguments))
        except (LuaError, MemoryError) as error:
            # Reached only where Lua has no handler: memory has run out between two calls.
            outcome = Outcome(_text(str(error).encode()), None, None)
        self._collect_garbage()
        return outcome

    def _collect_garbage(self) -> None:
        """Let the next task begin with the memory that earlier ones no longer use.

        Not after each of many small tasks: a collection takes as long as there are values in use.
        """
        if self._lua.get_memory_used() > self._collect_beyond:
            self._collect(b"collect")
            self._collect_beyond = self._lua.get_memory_used() + _GARBAGE_BYTES

    def _execute(self, file: str, *arguments: object) -> Any:
        with open(os.path.join(_HERE, file), "rb") as source:
            chunk = self._lua.compile(source.read(), name=b"=[sloth]")
        return chunk(*arguments)

    def _table(self, functions: Mapping[str, Callable[..., object]]) -> Any:
        return self._lua.table_from({name.encode(): function for name, function in functions.items()})


def _read_part(name: object) -> object:
    """Return the source of a part of ours that few task files need."""
    with open(os.path.join(_HERE, "fluent", f"{text_from_lua(name, 'name')}.lua"), "rb") as source:
        return True, source.read()


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
    """True if the message begins with ``file.lua:LINE:``."""
    file, colon, rest = message.partition(":")
    return bool(file and colon and rest.partition(":")[0].isdigit())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
