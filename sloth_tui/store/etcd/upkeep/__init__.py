"""What is forgotten of a history, and which keys hold secrets; and the moment at which they are read."""
