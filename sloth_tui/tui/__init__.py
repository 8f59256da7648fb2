"""The terminal UI. Importing this package costs nothing; opening the app imports Textual."""

from __future__ import annotations

_FRAMES = "TEXTUAL_FPS"


def run_app(agent: str | None, read_only: bool) -> int:
    """Show ``agent`` until somebody leaves; returns the exit code. None: the agent of the configuration, else
    the one that was on screen last. With ``read_only`` nothing is ever opened for writing. Raises
    InvalidConfig before the terminal is touched."""
    import gc

    _leave_at_once()
    # A fifth of the time to the first picture would go into looking for garbage among modules and classes,
    # where there is none. The app turns collection on again as soon as it is on screen.
    gc.disable()
    _shorten_frames()
    from sloth_tui.agents import DEFAULT_AGENT
    from sloth_tui.settings import load_settings
    from sloth_tui.tui.app import SlothApp
    from sloth_tui.tui.ui_state import Memory, last_agent, recall

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


def _leave_at_once() -> None:
    """Until the app hears signals itself there is nothing to put in order; an exception, as Python raises for
    an interrupt, is lost in some of the code that is loaded now."""
    import os
    import signal

    def leave(number: int, _: object) -> None:
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _shorten_frames() -> None:
    """What a key changes waits for the next frame, often twice: for the field it is typed into, and for the
    rows that are then found. The framework reads its frame rate when it is loaded, from the environment,
    which the programs that the app starts are to find as it was."""
    import os

    if _FRAMES in os.environ:
        return
    os.environ[_FRAMES] = "120"
    import textual.constants  # noqa: F401  # for what it reads

    del os.environ[_FRAMES]
