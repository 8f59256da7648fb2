"""Calls to an etcd server: their content, their encodings, and what can go wrong with them."""
