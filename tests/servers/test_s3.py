"""The S3 servers of the tests honour conditions, or do not, as tests take them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.imitations import keeping, served
from tests.servers.radosgw import Radosgw, needs_radosgw
from tests.servers.s3 import BUCKET, Moto, answers, client, needs_moto
from tests.support import rounds

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, needs_moto]


def put(s3: Any, body: bytes, **condition: str) -> str:
    """Write the one object; return its tag, or why not."""
    from botocore.exceptions import ClientError

    try:
        tag: str = s3.put_object(Bucket=BUCKET, Key="object", Body=body, **condition)["ETag"]
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return tag


def get(s3: Any) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key="object")["Body"].read()
    return body


def test_moto_creates_and_replaces_only_what_is_as_expected(tmp_path: Path) -> None:
    with Moto(tmp_path) as moto:
        s3 = client(moto.endpoint)
        tag = put(s3, b"one", IfNoneMatch="*")
        assert put(s3, b"two", IfNoneMatch="*") == "PreconditionFailed"
        assert put(s3, b"two", IfMatch='"another"') == "PreconditionFailed"
        assert get(s3) == b"one"
        assert put(s3, b"two", IfMatch=tag) != tag
        assert get(s3) == b"two"
        process = moto.process
        moto.stop()
        assert answers(moto.port) == 0
        moto.start()
        assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    assert process is not None
    assert not process.runs()


def test_the_imitation_that_ignores_conditions_accepts_everything_and_keeps_it() -> None:
    with served(keeping(conditions=False, quotes=True)) as url:
        s3 = client(url)
        tag = put(s3, b"one", IfNoneMatch="*")
        assert put(s3, b"one", IfNoneMatch="*") == tag
        assert put(s3, b"two", IfMatch='"another"') not in (tag, "PreconditionFailed")
        assert get(s3) == b"two"


def test_the_imitation_that_keeps_conditions_does_so() -> None:
    with served(keeping(conditions=True, quotes=True)) as url:
        s3 = client(url)
        tag = put(s3, b"one", IfNoneMatch="*")
        assert put(s3, b"two", IfNoneMatch="*") == "412"
        assert put(s3, b"two", IfMatch='"another"') == "412"
        assert put(s3, b"two", IfMatch=tag) != tag
        assert get(s3) == b"two"


if rounds(0, 1):  # installed for make proof alone

    @needs_radosgw
    def test_radosgw_creates_only_what_is_not_there_and_serves_no_strangers() -> None:
        with Radosgw() as radosgw:
            s3 = client(radosgw.endpoint)
            assert answers(radosgw.port, "PUT", f"/{BUCKET}/object") == 403
            put(s3, b"one", IfNoneMatch="*")
            assert put(s3, b"two", IfNoneMatch="*") == "PreconditionFailed"
            assert get(s3) == b"one"
