"""Named leases with fencing tokens."""
