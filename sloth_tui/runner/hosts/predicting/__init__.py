"""Either host in check mode: what would be there, and nothing done."""
