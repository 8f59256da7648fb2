"""The terminal UI. Importing this package costs nothing; opening the app imports Textual."""

from __future__ import annotations


def run_app(agent: str | None, read_only: bool) -> int:
    """Show ``agent`` until somebody leaves; returns the exit code. None: the agent of the configuration, else
    the one that was on screen last. With ``read_only`` nothing is ever opened for writing. Raises
    InvalidConfig before the terminal is touched."""
    import gc

    # A fifth of the time to the first picture would go into looking for garbage among modules and classes,
    # where there is none. The app turns collection on again as soon as it is on screen.
    gc.disable()
    from sloth_tui.agents import DEFAULT_AGENT
    from sloth_tui.settings import load_settings
    from sloth_tui.tui.app import SlothApp
    from sloth_tui.tui.remembered import Memory, last_agent, recall

    settings = load_settings()
    remembered, complaint = recall()
    if agent is None:
        agent = settings.agent if settings.agent != DEFAULT_AGENT else last_agent(remembered)
    app = SlothApp(
        agent,
        settings,
        read_only=read_only,
        memory=Memory(remembered, keep=not read_only),
        complaints=[complaint] if complaint else [],
    )
    gc.freeze()
    app.run()
    return app.return_code or 0
