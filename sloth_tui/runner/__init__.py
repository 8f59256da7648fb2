"""Runs Lua task files in a worker process. The only part of the program that knows Lua."""
