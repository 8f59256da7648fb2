"""Sample state, task files and own commands for a first look; pictures of the manual show them, too.

``python -m sloth_tui.demo`` opens the terminal UI on them.
"""
