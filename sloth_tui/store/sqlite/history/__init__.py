"""Revisions, the past, change sets and undo. Loaded on first use."""
