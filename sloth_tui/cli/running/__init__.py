"""Follow a run and show it as text, live or as JSON lines."""
