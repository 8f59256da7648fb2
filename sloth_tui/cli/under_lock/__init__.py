"""Run a command while a lock is held: the command, what watches over it, and the lease that is renewed."""
