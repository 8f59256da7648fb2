"""The Lua side: the sandbox, the environment of task code, and the modules it calls."""
