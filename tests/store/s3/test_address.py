from __future__ import annotations

import pytest

from sloth_tui.errors import UsageError
from sloth_tui.store.s3.client.address import parse


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("s3://b", ("b", "", None, "us-east-1")),
        ("s3://b/", ("b", "", None, "us-east-1")),
        ("s3://b/team/state/", ("b", "team/state", None, "us-east-1")),
        ("s3://b.c-d_e/p?region=eu-west-1", ("b.c-d_e", "p", None, "eu-west-1")),
        ("s3://b/p?endpoint=http://h:9000/", ("b", "p", "http://h:9000", "us-east-1")),
        ("s3://b/p?endpoint=https%3A%2F%2Fh&region=x", ("b", "p", "https://h", "x")),
    ],
)
def test_an_address_names_bucket_prefix_server_and_region(
    monkeypatch: pytest.MonkeyPatch, address: str, found: tuple[str, str, str | None, str]
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert tuple(parse(address)) == found


def test_what_an_address_lacks_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://minio:9000")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert parse("s3://b/p")[2:] == ("https://minio:9000", "eu-central-1")
    assert parse("s3://b/p?endpoint=http://h&region=r")[2:] == ("http://h", "r")


@pytest.mark.parametrize(
    "address",
    [
        "s3://KEY:hidden@b/p",
        "s3://hidden@b/p",
        "s3://b/p?endpoint=https://me:hidden@h",
        "s3://b/p?secret_access_key=hidden",
        "s3://b/p?region=hidden&region=r",
        "s3://",
        "s3:///p",
        "s3://b ad/p",
        "s3://b/p/../q",
        "s3://b/p//q",
        "s3://b/ä",
        "s3://b/" + "x" * 301,
        "s3://b/p?endpoint=h:9000",
        "s3://b/p?endpoint=ftp://h",
        "s3://b/p?endpoint=http://h:99999",
        "s3://b/p?endpoint=",
        "s3://b/p#x",
        "s3://[/p",
    ],
    ids=range(18),
)
def test_another_address_is_refused_without_a_word_of_what_may_be_secret(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(address)
    assert refused.value.exit_code == 2
    assert "hidden" not in refused.value.message + str(refused.value.hint)
