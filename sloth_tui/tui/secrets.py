"""What stands for a value that should not stand on a screen."""

MASK = "••••••••"
"""Drawn in place of a value; its length says nothing about the value's."""
