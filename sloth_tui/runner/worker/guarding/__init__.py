"""Start, watch, bound and end the processes of a worker and of its commands."""
