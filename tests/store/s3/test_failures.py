"""What users are told when the server is not what it should be."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import AgentNotFound, SlothError
from sloth_tui.store.s3.client import objects
from sloth_tui.store.s3.opening import check, open_agents, open_store
from tests.servers.background import free_ports
from tests.servers.imitations import between, refusing, served
from tests.servers.keeping import keeping
from tests.servers.s3 import CREDENTIALS, path_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.s3 import Bucket
    from tests.store.s3.conftest import OpenS3


def told(address: str) -> tuple[int, str, str | None]:
    with pytest.raises(SlothError) as failed:
        open_store(address, "local", "read").get("key")
    return failed.value.exit_code, failed.value.message, failed.value.hint


def test_nobody_listens(credentials: None) -> None:
    place = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert told(f"s3://b/p?endpoint={place}") == (7, f"s3://b/p: nobody listens at {place}", None)


def test_no_such_host(credentials: None) -> None:
    address = "s3://b/p?endpoint=http://nobody.invalid"
    assert told(address) == (7, "s3://b/p: no address is known for http://nobody.invalid", None)


def test_a_server_that_never_answers(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects.Bucket.__init__, "__kwdefaults__", {"answer_seconds": 0.5})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert told(f"s3://b/p?endpoint={place}") == (
            7,
            f"s3://b/p: {place} did not answer within 0.5 s",
            None,
        )


def test_a_server_without_tls(credentials: None) -> None:
    with served(refusing(500, "InternalError")) as url:
        place = url.replace("http:", "https:")
        code, message, hint = told(f"s3://b/p?endpoint={place}")
    assert (code, message) == (7, f"s3://b/p: {place} does not speak TLS")
    assert hint == "endpoint=http://... for a server without TLS"


WHERE = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials, hold them"


@pytest.mark.parametrize(
    ("status", "code", "message", "hint"),
    [
        (403, "InvalidAccessKeyId", "the server does not accept the credentials", WHERE),
        (403, "SignatureDoesNotMatch", "the server does not accept the credentials", WHERE),
        (401, "Whatever", "the server does not accept the credentials", WHERE),
        (403, "AccessDenied", "access denied: these credentials may not read there", WHERE),
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong", "the server compares it"),
        (404, "NoSuchBucket", "there is no bucket 'b'", "create it first"),
        (301, "PermanentRedirect", "the bucket is in another region", "name it: ?region=R"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region", "name it: ?region=R"),
        (501, "NotImplemented", "the server answers 501 NotImplemented", None),
    ],
)
def test_a_server_that_refuses(
    credentials: None, status: int, code: str, message: str, hint: str | None
) -> None:
    with served(refusing(status, code)) as url:
        assert told(f"s3://b/p?endpoint={url}") == (7, f"s3://b/p: {message}", hint)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "access denied: these credentials may not write there"),
        (403, "QuotaExceeded", "no room: the quota is used up"),
        (507, "InsufficientStorage", "no room on the server"),
    ],
)
def test_a_server_that_lets_only_read(credentials: None, status: int, code: str, message: str) -> None:
    with served(refusing(status, code, only=("PUT", "DELETE"))) as url:
        store = open_store(f"s3://b/p?endpoint={url}", "local", "write")
        assert store.get("key") is None
        with pytest.raises(SlothError) as failed:
            store.set("key", 1)
        assert (failed.value.exit_code, failed.value.message) == (8, f"s3://b/p: {message}")


def test_credentials_of_a_file(server: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "ci")
    lines = []
    for name, value in CREDENTIALS.items():
        monkeypatch.delenv(name)
        lines.append(f"{name.lower()} = {value}\n")
    path.write_text("[default]\naws_access_key_id = x\n[ci]\n" + "".join(lines))
    store = open_store(server.fresh(), "local", "write")
    store.set("key", "by the file")
    assert store.get("key") == "by the file"


def test_a_bucket_that_is_not_there(server: Bucket) -> None:
    address = f"s3://nowhere-at-all/p?endpoint={server.endpoint}"
    message = "s3://nowhere-at-all/p: there is no bucket 'nowhere-at-all'"
    assert told(address) == (7, message, "create it first")
    with pytest.raises(SlothError, match="there is no bucket"):
        check(address)


@pytest.mark.parametrize("conditions", [True, False], ids=["kept", "ignored"])
@pytest.mark.parametrize("quotes", [True, False], ids=["quoted", "bare"])
def test_only_a_server_that_keeps_conditions_is_written_to(
    credentials: None, conditions: bool, quotes: bool
) -> None:
    with served(keeping(conditions=conditions, quotes=quotes, buckets="b")) as url:
        address = f"s3://b/p?endpoint={url}"
        store = open_store(address, "local", "write")
        if conditions:
            assert [store.increment("n"), store.increment("n")] == [1, 2]
            again = open_store(address, "local", "write")
            assert again.increment("n") == 3
            return
        attempts = (lambda: store.set("key", 1), lambda: store.acquire("l", "h", 5), lambda: check(address))
        for attempt in attempts:
            with pytest.raises(SlothError, match="this S3 server ignores conditional writes") as refused:
                attempt()
            assert refused.value.exit_code == 7
        assert store.get("key") is None


def test_a_machine_that_only_gives_back_or_breaks_locks_knows_how_the_server_wants_etags(
    credentials: None, open_s3: OpenS3
) -> None:
    with served(keeping(quotes=False, buckets="b")) as url:
        address = f"s3://b/p?endpoint={url}"
        store = open_s3(address)
        store.acquire("deploy", "task-1", 3600)
        open_s3(address, machine="two").renew("deploy", "task-1", 3600)
        open_s3(address, machine="three").release("deploy", "task-1")
        store.acquire("deploy", "task-1", 3600)
        assert open_s3(address, machine="four").break_lock("deploy").token == 2
        assert store.lock("deploy") is None


def test_that_conditions_are_kept_is_found_out_once_a_machine(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        for machine in ("one", "one", "two"):
            open_s3(address, machine=machine).increment("n")
        probes = {path for method, path in decides.requests if "/probe-" in path}
        assert len(probes) == 2
        assert [path for path in server.paths(path_in(address)) if "probe" in path] == []


def test_a_store_opened_to_read_sends_nothing_but_questions(server: Bucket, open_s3: OpenS3) -> None:
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url), read_only=True)
        attempts = (
            lambda: store.set("key", 1),
            lambda: store.transaction().__enter__(),
            lambda: store.acquire("l", "h", 5),
            store.compact,
            lambda: store.delete("key"),
        )
        for attempt in attempts:
            with pytest.raises(SlothError, match=r"^s3://.*/local\.db: read-only$") as refused:
                attempt()
            assert refused.value.exit_code == 8
        list(store.items()), store.stats(), store.locks(), store.change_token()
        assert {method for method, _ in decides.requests} <= {"GET", "HEAD"}


def test_an_agent_that_is_not_there_is_named_with_those_that_are(address: str) -> None:
    open_agents(address).create("web")
    with pytest.raises(AgentNotFound, match=r"^agent 'db' has no database$") as missing:
        open_store(address, "db", "read")
    assert missing.value.hint == "agents: local, web"
    assert open_store(address, "local", "read").get("key") is None


def test_check_tells_what_a_store_is(address: str, server: Bucket) -> None:
    found = check(address)
    assert (found.backend, found.version, found.tls, found.user) == ("s3", server.endpoint, False, None)
    assert found.location == address.partition("?")[0]
    assert found.latency_ms > 0
    assert found.warnings == ()


def test_what_is_no_database_is_refused_and_left(address: str, server: Bucket) -> None:
    path = path_in(address, "local.db")
    server.put(path, b"important")
    with pytest.raises(SlothError, match=r"^s3://.*/local\.db: not a SQLite database$") as refused:
        open_store(address, "local", "write").set("key", 1)
    assert refused.value.exit_code == 7
    assert server.get(path) == b"important"
