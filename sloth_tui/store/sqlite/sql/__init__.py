"""The SQL vocabulary: expressions, conditions on keys, columns of rows. Imports no other folder here."""
