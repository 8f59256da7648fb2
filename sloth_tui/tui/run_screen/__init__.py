"""The screen for running Lua files: choose one, watch its run, look at earlier runs."""
