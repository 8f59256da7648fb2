"""The copy of a database on this machine: what the object was when it was fetched, and readings of it."""
