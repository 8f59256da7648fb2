"""From argv to the one command asked for and its arguments."""
