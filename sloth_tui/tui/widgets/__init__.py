"""The widgets. Data goes down to them by attribute; messages come up."""
