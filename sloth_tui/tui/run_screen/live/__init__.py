"""A run as it goes on, or as it ended."""
