"""What a run says, and what it changes."""
