"""A whole store as a stream of parts: to be read, and to be loaded."""
