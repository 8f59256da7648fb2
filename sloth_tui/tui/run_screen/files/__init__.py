"""Choose a Lua file, its tasks and values."""
