"""The terminal UI. Importing this package costs nothing; opening the app imports Textual."""

from __future__ import annotations


def run_app(agent: str, read_only: bool) -> int:
    """Show ``agent`` until somebody leaves; returns the exit code. With ``read_only`` no database is ever
    opened for writing. Raises InvalidConfig before the terminal is touched."""
    import gc

    # A fifth of the time to the first picture would go into looking for garbage among modules and classes,
    # where there is none. The app turns collection on again as soon as it is on screen.
    gc.disable()
    from sloth_tui.settings import load_settings
    from sloth_tui.tui.app import SlothApp

    app = SlothApp(agent, load_settings(), read_only=read_only)
    gc.freeze()
    app.run()
    return app.return_code or 0
