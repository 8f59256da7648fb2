"""The detail of one entry: value, history and who changed it."""
