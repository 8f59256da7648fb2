"""Entries: reading and writing them."""
