"""Rows for a table of millions, common to all backends: key index, orders, filters, tree, window."""
