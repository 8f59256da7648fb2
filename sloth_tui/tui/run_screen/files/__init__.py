"""The Files view: choose a task file, see its source, choose tasks and values, and run it."""
