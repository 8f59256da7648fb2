"""One commit, and the transactions that collect several writes into one."""
