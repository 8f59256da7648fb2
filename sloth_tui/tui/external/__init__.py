"""Programs outside the terminal UI: editor, pager, clipboard, shell, and command lines to copy."""
