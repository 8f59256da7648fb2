"""One module per command or pair of commands: its declaration, and what it does."""
