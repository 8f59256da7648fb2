"""Rows for a table: all keys in memory, and a watch that says when to look again."""
