"""The revisions of one key: each row of the history links to the key's previous row.

The newest revision is the entry's ``revision``, or that of the deletion. An index on keys would find the rows
as well, but every write would have to update it: one more page to write to disk.

The functions build SQL from SQL: a key or a revision is any expression. A walk never leaves its key and
always terminates, whatever another program has written into the links.
"""

from __future__ import annotations


def deletion(key: str) -> str:
    """Return SQL for the last deletion of a key; NULL if there is none."""
    return f"(SELECT max(revision) FROM sloth_history WHERE key = {key} AND operation = 'delete')"


def newest(key: str) -> str:
    """Return SQL for a key's newest revision; NULL if it was never changed. Its row may be forgotten."""
    return f"coalesce((SELECT revision FROM state WHERE key = {key}), {deletion(key)})"


def chain(key: str, *, after: str = "0", most: str = "-1") -> str:
    """Return a subquery for ``revision`` and ``previous`` of the key's kept rows after a revision, newest
    first, ``most`` rows at most."""
    return f"""(
        WITH RECURSIVE chain(revision, previous) AS (
            SELECT revision, previous FROM sloth_history
                WHERE revision = {newest(key)} AND key = {key} AND revision > {after}
            UNION ALL
            SELECT before.revision, before.previous
                FROM chain JOIN sloth_history AS before ON before.revision = chain.previous
                WHERE before.revision > {after} AND before.revision < chain.revision AND before.key = {key}
            LIMIT {most})
        SELECT revision, previous FROM chain)"""


def following(key: str, revision: str) -> str:
    """Return SQL for the key's next revision; NULL after the newest."""
    later = f"(SELECT min(revision) FROM {chain(key, after=revision)})"
    return f"iif({revision} IS {newest(key)}, NULL, {later})"


def has_rows(key: str) -> str:
    """Return an SQL condition: part of the key's history is kept. Its newest row is forgotten last."""
    return f"EXISTS (SELECT 1 FROM sloth_history WHERE revision = {newest(key)})"
