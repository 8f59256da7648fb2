"""Pictures of the real app for the manual: ``python -m tests.screenshots`` makes them."""
