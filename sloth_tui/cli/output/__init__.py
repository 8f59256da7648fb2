"""Write the output of commands: tables, JSON, CSV, and messages on stderr."""
