"""The parent's side of a run: starting a worker, watching over it, saying how it ended."""
