"""SQLite as a source of table rows: runs of keys, pages, sorted rows, changes."""
