"""State of Sloth Runner's tasks: a terminal UI, a command line and a Lua runtime over one store."""

__version__ = "0.1.0"
