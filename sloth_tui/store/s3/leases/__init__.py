"""Leases as objects under compare-and-set: renewed while a process lives, and taken in turn by writers."""
