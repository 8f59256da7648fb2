"""The terminal UI. Importing this package costs nothing; opening the app imports Textual."""

from __future__ import annotations

_FRAMES = "TEXTUAL_FPS"
_COLOURS = "TEXTUAL_COLOR_SYSTEM"
_NEEDED_FILES = 32
"""Files that the app may open at once: its loop, its handles on the store, a run."""
_NEEDED_BYTES = 112 * 1024 * 1024
"""Memory that the app may map: Textual, and threads, which wait for ever if they get none when they start."""


def run_app(agent: str | None, read_only: bool, *, browser: tuple[int, int] | None = None) -> int:
    """Show ``agent`` until the user leaves; return the exit code.

    None: the configured agent, else the one that was on screen last. With ``read_only`` nothing is opened for
    writing. ``browser``: columns and lines of a page in a web browser that is the terminal. Raises
    InvalidConfig, and SlothError if there are too few open files or too little memory, before the terminal is
    touched.
    """
    import gc

    _check_limits()
    _leave_at_once()
    # Garbage collection would take a fifth of the time to the first picture, and modules and classes are not
    # garbage. The app turns it on again as soon as it is on screen.
    gc.disable()
    _set_up_framework({_FRAMES: "120"} if browser is None else {_FRAMES: "120", _COLOURS: "truecolor"})
    from sloth_tui.agents import DEFAULT_AGENT
    from sloth_tui.settings import load_settings
    from sloth_tui.tui.app import SlothApp
    from sloth_tui.tui.services.databases import has_store, pin_elsewhere
    from sloth_tui.tui.ui_state import UiStateFile, last_agent, load

    settings, store = load_settings(), pin_elsewhere()
    state, warning = load()
    unsure = None
    if agent is None:
        agent = settings.agent
        if agent == DEFAULT_AGENT:
            agent = last_agent(state, store, has_store)
            unsure = None if store is None else agent
    app = SlothApp(
        agent,
        settings,
        read_only=read_only,
        ui_state=UiStateFile(state, keep=not read_only, store=store, unsure=unsure),
        warnings=[warning] if warning else [],
        in_browser=browser is not None,
    )
    gc.freeze()
    app.watch_threads()
    app.run(size=browser)
    _drop_untaken_output()
    return app.return_code or 0


def _drop_untaken_output() -> None:
    """Send to the null device what a terminal that is gone did not take.

    Otherwise Python would try once more at the end of the process, and end it with a code of its own, 120.
    """
    import os
    import sys

    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _check_limits() -> None:
    """Raise SlothError if there are too few open files or too little memory."""
    from sloth_tui import shortage
    from sloth_tui.errors import SlothError

    if shortage.is_out_of_files(_NEEDED_FILES):
        raise SlothError(shortage.too_many_files())
    if not shortage.has_memory(_NEEDED_BYTES):
        raise SlothError(shortage.out_of_memory())


def _leave_at_once() -> None:
    """End at once on a signal until the app handles signals itself.

    There is nothing to clean up yet, and some of the code that is being loaded would swallow the
    KeyboardInterrupt.
    """
    import os
    import signal

    def leave(number: int, _: object) -> None:
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _set_up_framework(variables: dict[str, str]) -> None:
    """Set what the framework reads from the environment when it is loaded, unless the user did.

    The frame rate is raised: what a key changes waits for the next frame, often twice. Without a terminal the
    framework cannot see how many colours there are. The variables are removed again so that programs started
    by the app do not inherit them.
    """
    import os

    ours = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(ours)
    import textual.constants  # noqa: F401  # reads the variables

    for name in ours:
        del os.environ[name]
