"""Screens on top of the browser, one file each."""
