"""Runs Lua task files in a worker process. The only part of the program that knows Lua.

What front ends use, none of which imports Lua:

- :class:`sloth_tui.runner.request.RunRequest`, with values from :func:`sloth_tui.runner.inputs.read_values`
- :class:`sloth_tui.runner.supervision.supervisor.Supervisor`: ``events()`` to go through, ``stop()`` from anywhere
- :func:`sloth_tui.runner.supervision.listing.list_tasks`
- :mod:`sloth_tui.runner.events`, and :func:`sloth_tui.runner.protocol.event_to_json`
"""
