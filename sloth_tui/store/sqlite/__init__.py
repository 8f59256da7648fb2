"""The SQLite backend, by APSW."""
