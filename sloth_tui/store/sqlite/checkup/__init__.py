"""Examine a database and what lies around it; nothing is changed."""
