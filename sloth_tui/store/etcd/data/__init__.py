"""What stands in the keys of a store, and in the memory of a writer: no call is made here."""
