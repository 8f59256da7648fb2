"""State as files: exported from a store, and imported into one. Both front ends use it."""
