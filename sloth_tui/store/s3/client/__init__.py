"""Requests to the server: where it is, who asks, what an answer means; one bucket of objects."""
