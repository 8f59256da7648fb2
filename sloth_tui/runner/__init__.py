"""Run Lua task files in a worker process. No other part of the program knows Lua.

Front ends use these; none of them imports Lua:

- :class:`sloth_tui.runner.request.RunRequest`, with values from :func:`sloth_tui.runner.inputs.read_values`
- :class:`sloth_tui.runner.supervision.supervisor.Supervisor`: iterate over ``events()``, call ``stop()``
  from any thread
- :func:`sloth_tui.runner.supervision.listing.list_tasks`
- :mod:`sloth_tui.runner.events`, and :func:`sloth_tui.runner.protocol.event_to_json`
"""
