"""The store on S3: the SQLite database of an agent as one object, ``<prefix>/<agent>.db``.

Every change is made to a private copy of the database, which then replaces the object if nobody else replaced
it meanwhile (compare-and-set by ETag). A change is acknowledged after that. Locks are objects of their own.
This is the only package that imports obstore.
"""
