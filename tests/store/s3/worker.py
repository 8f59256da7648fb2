"""What tests run in processes of their own: ``python -m tests.store.s3.worker ADDRESS WHAT [ARGUMENT...]``.

It prints a line after each change that was acknowledged.
"""

from __future__ import annotations

import sys
import time

from sloth_tui.store.s3.opening import open_store


def main(address: str, what: str, *arguments: str) -> None:
    with open_store(address, "local", "write") as store:
        if what == "increment":
            for _ in range(int(arguments[0])):
                print(store.increment("n"), flush=True)
        elif what == "move":
            for _ in range(int(arguments[0])):
                with store.transaction():
                    a, b = store.get("a", 0), store.get("b", 0)
                    assert isinstance(a, int)
                    assert isinstance(b, int)
                    store.set("a", a - 1)
                    store.set("b", b + 1)
                print("moved", flush=True)
        elif what == "hold":
            print(store.acquire("deploy", "task-1", float(arguments[0]), ephemeral=True).token, flush=True)
            time.sleep(3600)
        elif what == "block":
            with store.transaction():
                store.set("half", 1)
                print("inside", flush=True)
                time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
