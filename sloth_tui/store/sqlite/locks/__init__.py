"""Named leases with fencing tokens. Loaded on first use."""
