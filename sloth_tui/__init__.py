"""State of Sloth Runner's tasks: a terminal UI, a command line and a Lua runtime over one store.

The names in ``__all__`` are public: other programs may import them. Each is imported when it is first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.errors import ExitCode, SlothError
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runner.supervision.supervisor import Supervisor
    from sloth_tui.store import open_agents, open_store

__version__ = "0.7.1"

__all__ = [
    "ExitCode",
    "RunRequest",
    "SlothError",
    "Supervisor",
    "__version__",
    "open_agents",
    "open_store",
]


def __getattr__(name: str) -> object:
    """Import a public name. The command line, which starts often, uses none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    homes = {
        "RunRequest": "runner.request",
        "Supervisor": "runner.supervision.supervisor",
        "open_agents": "store",
        "open_store": "store",
    }
    return getattr(import_module(f"{__name__}.{homes.get(name, 'errors')}"), name)
