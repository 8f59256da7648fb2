"""The user's own commands on the screen: ask, start, show what they print."""
