"""The store on etcd: one head key per agent is the commit point.

The only importer of ``grpc``. Nothing here is loaded unless an address begins with ``etcd://`` or ``etcds://``.
"""
