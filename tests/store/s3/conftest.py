from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.settings import Settings
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.client.address import parse
from sloth_tui.store.s3.client.objects import Bucket
from sloth_tui.store.s3.probe import recall
from sloth_tui.store.s3.store import S3Store
from tests.servers import s3 as servers
from tests.servers.radosgw import needs_radosgw
from tests.servers.s3 import CREDENTIALS, needs_moto
from tests.support import A_MINUTE, rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.clock import Clock


class OpenS3(Protocol):
    """A handle on a store; ``machine``: on a machine of this name, with a copy of its own."""

    def __call__(
        self,
        address: str = "",
        *,
        agent: str = "local",
        machine: str = "here",
        read_only: bool = False,
        clock: Clock = SYSTEM_CLOCK,
    ) -> S3Store: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what starts a server out of ``make quick``."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.slow)


SERVERS = [
    "keeper",
    *(
        [pytest.param("moto", marks=needs_moto), pytest.param("radosgw", marks=needs_radosgw)]
        if rounds(0, 1)
        else []
    ),
]
"""Those of ``tests/servers/fixtures.py``. What another program made is installed for ``make proof`` alone."""


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, credentials: None) -> servers.Bucket:
    return servers.Bucket(request.getfixturevalue(f"shared_{request.param}").endpoint)


@pytest.fixture
def address(server: servers.Bucket) -> str:
    return server.fresh()


@pytest.fixture
def open_s3(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenS3]:
    place = address
    with ExitStack() as handles:

        def opened(
            address: str = "",
            *,
            agent: str = "local",
            machine: str = "here",
            read_only: bool = False,
            clock: Clock = SYSTEM_CLOCK,
        ) -> S3Store:
            monkeypatch.setenv("SLOTH_RUNNER_HOME", str(tmp_path / machine))
            bucket = Bucket(parse(address or place), answer_seconds=A_MINUTE)
            recall(bucket)
            return handles.enter_context(
                S3Store(bucket, agent, read_only=read_only, settings=Settings, clock=clock, poll=0)
            )

        yield opened
