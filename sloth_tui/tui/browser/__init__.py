"""The main screen: its panes, what it hears from services, and the actions on it."""
