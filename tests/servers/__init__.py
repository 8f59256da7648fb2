"""Real servers on loopback, started for tests: each with ports of its own, in a temporary directory.

``etcd.py`` and ``s3.py`` have the servers, ``fixtures.py`` those that a whole run of the tests shares,
``namespaces.py`` two machines on one.
"""
