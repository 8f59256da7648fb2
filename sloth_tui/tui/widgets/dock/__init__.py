"""The tabs of the dock: locks, stats, log and run."""
