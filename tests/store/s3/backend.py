"""The store on S3, as the tests of every backend open it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.settings import Settings
from sloth_tui.store.s3.address import parse
from sloth_tui.store.s3.objects import Bucket
from sloth_tui.store.s3.probe import recall
from sloth_tui.store.s3.store import S3Store
from tests.store.s3.moto import CREDENTIALS, shared

if TYPE_CHECKING:
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.port import Store
    from tests.store.manual_clock import ManualClock


class S3Backend:
    """Snapshots on a server of the tests."""

    machine_clock = False
    has_files = False

    def __init__(self, directory: str) -> None:
        os.environ.update(CREDENTIALS)

    def fresh(self) -> str:
        return shared().fresh()

    def open(self, address: str, clock: Clock, read_only: bool) -> Store:
        bucket = Bucket(parse(address))
        recall(bucket)
        return S3Store(bucket, "local", read_only=read_only, settings=Settings, clock=clock, poll=0)

    def let_pass(self, clock: ManualClock, seconds: float) -> None:
        clock.advance(seconds)
