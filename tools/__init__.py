"""What maintainers run: a release, and the smoke test of an installation."""
