"""A process that counts up, for tests that kill servers: ``python -m tests.store.etcd.writer ADDRESS NAME
[blind]``.

It prints a dot for each round that was acknowledged: one of its own counter and one of the common one. It
ends when its standard input does. ``blind``: its commits do not compare the head, to show that the tests
would find it."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING, Any

from sloth_tui.store.etcd.client.messages import Txn
from sloth_tui.store.etcd.commits import commit
from tests.store.etcd.faults import opened

if TYPE_CHECKING:
    from sloth_tui.store.etcd.session import Session


def _close_eyes() -> None:
    make = commit._request

    def blind(session: Session, *rest: Any) -> Txn:
        request = make(session, *rest)
        compares = [compare for compare in request.compares if compare.key != session.layout.head]
        return Txn(compares, request.then, request.otherwise)

    commit._request = blind  # type: ignore[assignment]


def main(address: str, name: str, *options: str) -> None:
    if "blind" in options:
        _close_eyes()
    with opened(address) as store:
        while not select.select([sys.stdin], [], [], 0)[0]:
            store.increment(f"of:{name}")
            store.increment("of:all")
            os.write(1, b".")


if __name__ == "__main__":
    main(*sys.argv[1:])
