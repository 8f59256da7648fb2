"""Connections and transactions on one database file, and their errors."""
