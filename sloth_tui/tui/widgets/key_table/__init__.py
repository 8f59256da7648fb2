"""The table of keys with its filter: rows, columns, marks and the tree."""
