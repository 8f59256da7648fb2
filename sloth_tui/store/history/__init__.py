"""Rules and messages of history, past and undo, common to all backends. Loaded on first use."""
