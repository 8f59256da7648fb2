"""Servers that one process of the tests shares: each is started by the first test that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.servers.etcd import Etcd
from tests.servers.imitations import served
from tests.servers.keeping import keeping
from tests.servers.radosgw import Radosgw
from tests.servers.s3 import Moto

if TYPE_CHECKING:
    from collections.abc import Iterator


class Place(NamedTuple):
    """Where a server is."""

    endpoint: str


@pytest.fixture(scope="session")
def shared_etcd() -> Iterator[Etcd]:
    """An etcd of one member. Each test takes a prefix of its own and stops nothing."""
    with Etcd(quota_bytes=_ROOM_BYTES) as etcd:
        yield etcd


@pytest.fixture(scope="session")
def shared_etcd_of_wheel() -> Iterator[Etcd]:
    """The same, of the newer version."""
    with Etcd("3.5", quota_bytes=_ROOM_BYTES) as etcd:
        yield etcd


@pytest.fixture(scope="session")
def shared_keeper() -> Iterator[Place]:
    """An S3 server within this process, with the bucket ``BUCKET`` for those with ``CREDENTIALS`` in their
    environment."""
    with served(keeping()) as endpoint:
        yield Place(endpoint)


@pytest.fixture(scope="session")
def shared_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """The same by moto, in a process of its own."""
    with Moto(tmp_path_factory.mktemp("moto")) as moto:
        yield moto


@pytest.fixture(scope="session")
def shared_radosgw() -> Iterator[Radosgw]:
    """The same by Ceph; it takes a quarter of a minute to start."""
    with Radosgw() as radosgw:
        yield radosgw


_ROOM_BYTES = 8 * 1024**3
"""More than all tests write together."""
