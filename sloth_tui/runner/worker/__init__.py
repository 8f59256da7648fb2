"""The worker's side of a run: a guarded process that runs tasks and reports what happens."""
