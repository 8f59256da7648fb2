"""Puts the modules into a sandbox: everything task files can call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sloth_tui.runner.lua.convert import answering, json_functions
from sloth_tui.runner.lua.modules.cmd import CmdModule
from sloth_tui.runner.lua.modules.file import FileModule
from sloth_tui.runner.lua.modules.text import TextModule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.runner.lua.context import Context
    from sloth_tui.runner.lua.modules.state import StateModule
    from sloth_tui.runner.lua.registry import Registry
    from sloth_tui.runner.lua.sandbox import Sandbox
    from sloth_tui.runner.worker.output import Output


class Environment:
    """A sandbox with all modules. Gives the functions of the tasks that were defined in it."""

    def __init__(
        self,
        sandbox: Sandbox,
        context: Context,
        output: Output,
        registry: Registry,
        state: StateModule,
        values: Mapping[str, object],
        grace: float,
    ) -> None:
        sandbox.publish("json", sandbox.define("json", json_functions()))
        self._function, self._stop_defining = sandbox.define(
            "task",
            {**registry.functions(), "output": answering(_writing_to(output))},
            json.dumps(values).encode(),
        )
        sandbox.publish("state", sandbox.define("state", state.functions()))
        sandbox.publish(
            "cmd", sandbox.define("cmd", CmdModule(context, output, sandbox.room, grace).functions())
        )
        sandbox.publish("file", sandbox.define("file", FileModule(context, sandbox.room).functions()))
        texts = sandbox.define("text", TextModule(context, sandbox.room).functions())
        for name, module in zip(("template", "crypto", "log"), texts, strict=True):
            sandbox.publish(name, module)

    def function(self, number: int) -> Any:
        """Of the task that was defined as the ``number``-th."""
        return self._function(number)

    def stop_defining(self) -> None:
        """From now on ``task`` raises."""
        self._stop_defining()


def _writing_to(output: Output) -> Any:
    def write(stream: bytes, line: bytes, size: int) -> object:
        output.write(stream.decode(), line, size)
        return (True,)

    return write
