"""key_table."""
