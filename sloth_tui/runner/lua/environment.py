"""Fill a sandbox with the modules that task files call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sloth_tui.runner.lua.convert import host_function, json_functions
from sloth_tui.runner.lua.modules.cmd import CmdModule
from sloth_tui.runner.lua.modules.file import FileModule
from sloth_tui.runner.lua.modules.text import TextModule
from sloth_tui.runner.lua.sandbox import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.runner.lua.context import Context, OutputSink, ResourceSink
    from sloth_tui.runner.lua.modules.state import StateModule
    from sloth_tui.runner.lua.registry import Registry
    from sloth_tui.runner.lua.sandbox import Sandbox


class Environment:
    """A sandbox with all modules, and the functions of the tasks that were defined in it."""

    def __init__(
        self,
        sandbox: Sandbox,
        context: Context,
        output: OutputSink,
        resources: ResourceSink,
        registry: Registry,
        state: StateModule,
        run: str,
        values: Mapping[str, object],
        grace: float,
    ) -> None:
        """``run``: its id. ``grace``: seconds that commands have to end, by default."""
        sandbox.publish("json", sandbox.define("json", json_functions()))
        self._sandbox = sandbox
        self._function, self._to_finish, self._stop_defining, self._tell_failures = sandbox.define(
            "task",
            {**registry.functions(), "output": host_function(_writing_to(output))},
            json.dumps(values).encode(),
        )
        publish_state(sandbox, state)
        self._set_host = sandbox.define("run", {}, run.encode(), context.check)
        commands = CmdModule(context, output, resources, sandbox.has_room, grace)
        sandbox.publish("cmd", sandbox.define("cmd", commands.functions()))
        texts = sandbox.define("text", TextModule(context, sandbox.has_room).functions())
        for name, module in zip(("template", "crypto", "log"), texts, strict=True):
            sandbox.publish(name, module)
        files = FileModule(context, sandbox.has_room, resources)
        sandbox.publish("file", sandbox.define("file", files.functions()))
        system = sandbox.define("system", commands.resource_functions())
        for name in ("package", "service", "user"):
            sandbox.publish(name, sandbox.define(name, {}, system))
        sandbox.define("lending", {})

    def function(self, number: int) -> Any:
        """Return the Lua function of the task that was defined as the ``number``-th, from 1."""
        return self._function(number)

    def set_host(self, name: str) -> None:
        """Set what task code sees as ``run.host``."""
        self._set_host(name.encode())

    def tell_failures(self, failures: str) -> None:
        """Tell the task that runs next which tasks were not done: JSON of :func:`failures_of`."""
        self._tell_failures(failures.encode())

    def finish_defining(self) -> Outcome:
        """Define the tasks whose order depends on the whole file."""
        finish = self._to_finish()
        return Outcome(None, None, None) if finish is None else self._sandbox.run(finish)

    def stop_defining(self) -> None:
        """Make ``task`` raise from now on."""
        self._stop_defining()


def publish_state(sandbox: Sandbox, state: StateModule) -> None:
    """Make the state module a global of task code."""
    functions = state.functions()
    calls = sandbox.define("state", functions)
    sandbox.define("state_locks", functions, calls)
    sandbox.publish("state", calls)


def _writing_to(output: OutputSink) -> Any:
    def write(stream: bytes, line: bytes, size: int) -> object:
        output.write(stream.decode(), line, size)
        return (True,)

    return write
