"""The user's own commands: what is handed to them, their processes, and what they print."""
