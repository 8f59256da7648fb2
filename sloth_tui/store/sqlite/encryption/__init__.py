"""Encrypt, decrypt and rekey the database of an agent: a copy with another key takes its place."""
