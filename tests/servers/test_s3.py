"""The S3 servers of the tests honour conditions, or do not, as tests take them to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from obstore.exceptions import BaseError

from tests.servers.imitations import served
from tests.servers.keeping import keeping
from tests.servers.radosgw import Radosgw, needs_radosgw
from tests.servers.s3 import BUCKET, CREDENTIALS, Bucket, Moto, answers, needs_moto, objects
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import S3Store

pytestmark = pytest.mark.slow


def put(store: S3Store, body: bytes, **mode: Any) -> str:
    """Write the one object under a condition; return its tag, or why not."""
    try:
        return store.put("object", body, use_multipart=False, **mode)["e_tag"] or ""
    except (BaseError, FileNotFoundError) as refused:
        return type(refused).__name__


def get(store: S3Store) -> bytes:
    return bytes(store.get("object").bytes())


def conditions_are_kept(endpoint: str) -> None:
    store = objects(endpoint)
    tag = put(store, b"one", mode="create")
    assert put(store, b"two", mode="create") == "AlreadyExistsError"
    assert put(store, b"two", mode={"e_tag": '"another"'}) == "PreconditionError"
    assert get(store) == b"one"
    assert put(store, b"two", mode={"e_tag": tag}) != tag
    assert get(store) == b"two"


@contextmanager
def kept(**differences: Any) -> Iterator[str]:
    with served(keeping(**differences)) as url:
        yield url


def test_the_one_of_these_tests_keeps_conditions() -> None:
    with kept() as url:
        conditions_are_kept(url)


def test_another_keeps_none_and_accepts_everything() -> None:
    with kept(conditions=False) as url:
        store = objects(url)
        tag = put(store, b"one", mode="create")
        assert put(store, b"one", mode="create") == tag
        assert put(store, b"two", mode={"e_tag": '"another"'}) not in (tag, "PreconditionError")
        assert get(store) == b"two"


def test_it_lists_page_by_page_and_deletes() -> None:
    with kept() as url:
        bucket = Bucket(url)
        paths = sorted(f"a/{number:02}<&>é %/x" for number in range(12))
        for path in [*paths, "b"]:
            bucket.put(path, b"x")
        assert bucket.paths("a") == paths
        assert [found["path"] for found in objects(url).list_with_delimiter()["objects"]] == ["b"]
        assert len(objects(url).list_with_delimiter("a")["common_prefixes"]) == 12
        objects(url).delete(paths[3:])
        assert bucket.paths("") == [*paths[:3], "b"]


@pytest.mark.parametrize("wrong", [*CREDENTIALS])
def test_it_serves_no_strangers(wrong: str) -> None:
    with kept() as url:
        assert answers(int(url.rpartition(":")[2]), "PUT", f"/{BUCKET}/object") == 403
        assert put(objects(url, **{wrong.lower(): "another's"}), b"one") in (
            "PermissionDeniedError",
            "UnauthenticatedError",
        )
        assert Bucket(url).paths("") == []


if rounds(0, 1):  # installed for make proof alone

    @needs_moto
    def test_moto_keeps_conditions_and_forgets_everything_when_it_ends(tmp_path: Path) -> None:
        with Moto(tmp_path) as moto:
            conditions_are_kept(moto.endpoint)
            process = moto.process
            moto.stop()
            assert answers(moto.port) == 0
            moto.start()
            assert Bucket(moto.endpoint).paths("") == []
        assert process is not None
        assert not process.runs()

    @needs_radosgw
    def test_radosgw_creates_only_what_is_not_there_and_serves_no_strangers() -> None:
        with Radosgw() as radosgw:
            store = objects(radosgw.endpoint)
            assert answers(radosgw.port, "PUT", f"/{BUCKET}/object") == 403
            put(store, b"one", mode="create")
            assert put(store, b"two", mode="create") == "AlreadyExistsError"
            assert get(store) == b"one"
