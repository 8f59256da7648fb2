"""Tables, triggers, and upgrades between schema versions."""
