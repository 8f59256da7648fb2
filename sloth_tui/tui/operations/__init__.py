"""What the user asks for, from the question to the toast: confirm, act, offer undo."""
