"""The state in another store than the files of this machine, with a backend made for these tests."""
