"""Reading and writing entries, and retention of their history."""
