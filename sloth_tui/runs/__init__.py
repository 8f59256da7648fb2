"""Runs that are kept: a folder for each, with what it is and every event of it."""
