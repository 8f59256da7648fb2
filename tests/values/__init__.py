"""Values as text, as JSON and as stored, for both front ends and the runner."""
