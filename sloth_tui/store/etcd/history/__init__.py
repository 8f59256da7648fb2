"""Revisions, change sets, the past and undo. Loaded on first use."""
