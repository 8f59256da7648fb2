"""What a person is told when a store cannot be used: the same words whichever way the server is spoken to.

``state get`` asks the server's JSON gateway, ``state set`` speaks gRPC.
"""

from __future__ import annotations

import re
import shutil
import socket
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.errors import DatabaseUnusable, InvalidValue, NotWritable
from sloth_tui.store.etcd import session
from sloth_tui.store.etcd.client import gateway
from sloth_tui.store.etcd.client.messages import Range
from sloth_tui.store.etcd.opening import open_store
from tests.cli.support import piped
from tests.servers.background import free_ports
from tests.servers.certificates import Authority
from tests.servers.etcd import Etcd
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.etcd.store import EtcdStore

_UNUSABLE, _NOT_WRITABLE, _USAGE = 7, 8, 2
_PASSWORD = "a password"

_MINE = ("--holder", "me", "--ttl", "60")
GET, SET = ("state", "get", "a"), ("state", "set", "a", "1")
by_both = pytest.mark.parametrize("words", [GET, SET], ids=["gateway", "grpc"])


@pytest.fixture(scope="module")
def with_tls() -> Iterator[Etcd]:
    with Etcd(tls=True) as etcd:
        yield etcd


@pytest.fixture(scope="module")
def for_clients() -> Iterator[Etcd]:
    """It refuses clients without a certificate."""
    with Etcd(tls=True, client_certificates=True) as etcd:
        yield etcd


@pytest.fixture(scope="module")
def for_users() -> Iterator[Etcd]:
    """``ann`` may read and write under ``shop/``, ``rea`` only read."""
    with Etcd() as etcd:
        assert piped(*SET, "--store", etcd.address("shop")).code == 0
        etcd.gateway.add_user("ann", _PASSWORD, "shop/")
        etcd.gateway.add_user("rea", _PASSWORD, "shop/", kind="READ")
        etcd.gateway.require_users()
        yield etcd


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTH_STORE_PASSWORD", _PASSWORD)


def _refused(words: tuple[str, ...], address: str) -> tuple[int, str]:
    result = piped(*words, "--store", address)
    assert result.stdout == b""
    return result.code, result.err


def _port(etcd: Etcd) -> int:
    return etcd.members[0].port


# Nobody answers.


@by_both
def test_nobody_listens(words: tuple[str, ...]) -> None:
    address = f"etcd://127.0.0.1:{free_ports(1)[0]}/shop"
    code, err = _refused(words, address)
    assert code == _UNUSABLE
    assert re.fullmatch(
        re.escape(f"error: {address}: no answer within ")
        + r"[2-9][.0-9]*s: connection refused\nhint: sloth-runner store check\n",
        err,
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_the_host_is_unknown(words: tuple[str, ...]) -> None:
    code, err = _refused(words, "etcd://no-such-host.invalid/shop")
    assert code == _UNUSABLE
    assert "error: etcd://no-such-host.invalid/shop: no answer within " in err
    assert err.endswith(": the host no-such-host.invalid is not known\nhint: sloth-runner store check\n")


@pytest.mark.usefixtures("hasty")
@by_both
def test_the_server_listens_and_says_nothing(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ATTEMPT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"etcd://127.0.0.1:{silent.getsockname()[1]}/shop"
        code, err = _refused(words, address)
    assert code == _UNUSABLE
    assert re.fullmatch(
        re.escape(f"error: {address}: no answer within ") + r"[.0-9ms]+\nhint: sloth-runner store check\n",
        err,
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_members_that_say_nothing_are_left_for_the_next(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, shared_etcd: Etcd, prefix: str
) -> None:
    """Each is tried once, however little patience there is for a server that has never answered."""
    monkeypatch.setattr(session, "FIRST_ATTEMPT_SECONDS", 0.3)
    with open_store(shared_etcd.address(prefix), "local", "write") as store:
        store.set("a", 1)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        hosts = ",".join(f"127.0.0.1:{silent.getsockname()[1]}" for silent in (one, two))
        done = piped(*words, "--store", f"etcd://{hosts},127.0.0.1:{_port(shared_etcd)}/{prefix}")
    assert (done.code, done.err) == (0, "")


@pytest.mark.usefixtures("hasty")
@by_both
def test_a_list_does_not_wait_long_for_a_silent_server(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One attempt of a list may take half a minute, but not of a server that has never answered."""
    monkeypatch.setattr(gateway, "_LONG_SECONDS", 0.3)
    monkeypatch.setattr(session, "_LIST_SECONDS", 1e6)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"etcd://127.0.0.1:{silent.getsockname()[1]}/shop"
        code, _ = _refused(("state", "list") if words is GET else ("lock", "list"), address)
    assert code == _UNUSABLE


@pytest.mark.proof
def test_most_members_are_down() -> None:
    with Etcd(members=3) as etcd:
        for member in etcd.members[1:]:
            member.kill()
        left = etcd.members[0]
        wait_until(lambda: etcd.gateway.leader_by(left) is None, what="the last member has noticed")
        for members in (etcd.members, etcd.members[:1]):
            address = etcd.address("shop", members=members)
            for words in (GET, SET):
                assert _refused(words, address) == (
                    _UNUSABLE,
                    f"error: {address}: no leader\n"
                    "hint: most members of the cluster must run and reach each other\n",
                )


# TLS.


@pytest.mark.usefixtures("hasty")
@by_both
def test_plain_to_tls(words: tuple[str, ...], with_tls: Etcd) -> None:
    address = f"etcd://127.0.0.1:{_port(with_tls)}/shop"
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: the server speaks TLS\nhint: etcds://HOST/PREFIX\n",
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_tls_to_plain(words: tuple[str, ...], shared_etcd: Etcd) -> None:
    address = f"etcds://127.0.0.1:{_port(shared_etcd)}/shop"
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: the server does not speak TLS\nhint: etcd://HOST/PREFIX\n",
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_no_client_certificate(words: tuple[str, ...], for_clients: Etcd) -> None:
    assert for_clients.authority is not None
    place = f"etcds://127.0.0.1:{_port(for_clients)}/shop"
    assert _refused(words, f"{place}?ca={for_clients.authority.certificate}") == (
        _UNUSABLE,
        f"error: {place}: the server asks for a client certificate\n"
        "hint: ?cert=FILE&key=FILE in the store's address\n",
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_client_certificate_of_somebody_else(
    words: tuple[str, ...], for_clients: Etcd, tmp_path: Path
) -> None:
    assert for_clients.authority is not None
    other = Authority(tmp_path).issue("client")
    place = f"etcds://127.0.0.1:{_port(for_clients)}/shop"
    files = f"ca={for_clients.authority.certificate}&cert={other.certificate}&key={other.key}"
    assert _refused(words, f"{place}?{files}") == (
        _UNUSABLE,
        f"error: {place}: the server does not accept the client certificate\n"
        "hint: ?cert=FILE&key=FILE in the store's address\n",
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_unknown_authority(words: tuple[str, ...], with_tls: Etcd, tmp_path: Path) -> None:
    place = f"etcds://127.0.0.1:{_port(with_tls)}/shop"
    hint = "hint: ?ca=FILE in the store's address\n"
    assert _refused(words, place) == (
        _UNUSABLE,
        f"error: {place}: the server's certificate is of no authority that this machine knows\n{hint}",
    )
    other = Authority(tmp_path).certificate
    assert _refused(words, f"{place}?ca={other}") == (
        _UNUSABLE,
        f"error: {place}: the server's certificate is of no authority that is in {other}\n{hint}",
    )


@pytest.mark.usefixtures("hasty")
@by_both
def test_certificate_of_another_host(words: tuple[str, ...], tmp_path: Path) -> None:
    with Etcd(tls=True, listen="0.0.0.0") as etcd:  # another address of loopback must reach it
        assert etcd.authority is not None
        place = f"etcds://127.0.0.2:{_port(etcd)}/shop"
        assert _refused(words, f"{place}?ca={etcd.authority.certificate}") == (
            _UNUSABLE,
            f"error: {place}: the server's certificate is not for 127.0.0.2\n"
            "hint: the address must name a host as the certificate does\n",
        )


@pytest.mark.usefixtures("hasty")
@by_both
def test_files_of_certificates(words: tuple[str, ...], with_tls: Etcd, tmp_path: Path) -> None:
    place = f"etcds://127.0.0.1:{_port(with_tls)}/shop"
    hint = "hint: it is named in the store's address\n"
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.touch()
    assert _refused(words, f"{place}?ca={missing}") == (
        _USAGE,
        f"error: {missing}: No such file or directory\n{hint}",
    )
    assert _refused(words, f"{place}?ca={empty}") == (
        _USAGE,
        f"error: {empty}: holds no certificates\n{hint}",
    )


@by_both
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["address", "name"])
def test_the_first_of_several_endpoints_is_down(
    words: tuple[str, ...], host: str, shared_etcd: Etcd, with_tls: Etcd, prefix: str
) -> None:
    down = free_ports(1)[0]
    assert with_tls.authority is not None
    for address in (
        f"etcd://{host}:{down},{host}:{_port(shared_etcd)}/{prefix}",
        f"etcds://{host}:{down},{host}:{_port(with_tls)}/{prefix}?ca={with_tls.authority.certificate}",
    ):
        assert piped(*SET, "--store", address).code == 0
        result = piped(*words, "--store", address)
        assert (result.code, result.err) == (0, "")


@by_both
def test_each_endpoint_has_a_name_of_its_own(words: tuple[str, ...], with_tls: Etcd, prefix: str) -> None:
    """The certificate of a member need not be for the others."""
    assert with_tls.authority is not None
    down, port = free_ports(1)[0], _port(with_tls)
    address = f"etcds://127.0.0.3:{down},localhost:{port}/{prefix}?ca={with_tls.authority.certificate}"
    assert piped(*SET, "--store", address).code == 0
    assert piped(*words, "--store", address).code == 0


# Users.


@by_both
def test_no_user(words: tuple[str, ...], for_users: Etcd) -> None:
    address = for_users.address("shop")
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: the server asks for a user\n"
        "hint: etcd://USER@HOST/PREFIX, the password in SLOTH_STORE_PASSWORD or [store] password_file\n",
    )


@by_both
@pytest.mark.parametrize("given", ["wrong", None], ids=["wrong", "none"])
def test_wrong_password(
    words: tuple[str, ...], given: str | None, for_users: Etcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given is not None:
        monkeypatch.setenv("SLOTH_STORE_PASSWORD", given)
    address = for_users.address("shop", user="ann")
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: wrong user or password\n"
        "hint: etcd://USER@HOST/PREFIX, the password in SLOTH_STORE_PASSWORD or [store] password_file\n",
    )


@pytest.mark.usefixtures("password")
def test_what_a_user_may_not(for_users: Etcd) -> None:
    hint = "hint: etcdctl role grant-permission ROLE readwrite PREFIX/ --prefix\n"
    address = for_users.address("other", user="ann")
    assert _refused(GET, address) == (
        _UNUSABLE,
        f"error: {address}: the user may not read under this prefix\n{hint}",
    )
    address = for_users.address("shop", user="rea")
    assert piped(*GET, "--store", address).out == "1\n"
    assert _refused((*SET[:3], "2"), address) == (
        _NOT_WRITABLE,
        f"error: {address}: the user may not write under this prefix\n{hint}",
    )
    assert _refused(("lock", "acquire", "l", *_MINE), address)[0] == _NOT_WRITABLE


@pytest.mark.slow
@pytest.mark.usefixtures("password")
def test_the_token_of_the_login_runs_out() -> None:
    """A handle logs in again, and hears of changes again. A server that is started anew has forgotten the
    tokens it gave, and those that nobody uses end by themselves."""
    with Etcd(options=("--auth-token-ttl=1",)) as etcd, ExitStack() as opened:
        etcd.gateway.add_user("ann", _PASSWORD, "shop/")
        etcd.gateway.require_users()
        address = etcd.address("shop", user="ann")
        stores = [
            opened.enter_context(open_store(address, "local", "write", brief=brief))
            for brief in (True, False)
        ]
        watching = opened.enter_context(open_store(address, "local", "read"))
        stores[0].set("a", 1)
        heard = watching.change_token()

        def again(first: int) -> None:
            nonlocal heard
            assert [store.increment("a") for store in stores] == [first, first + 1]
            wait_until(lambda: watching.change_token() != heard, what="it hears of changes")
            heard = watching.change_token()

        again(2)
        etcd.members[0].stop()
        etcd.start()
        assert [store.get("a") for store in stores] == [3, 3]
        again(4)
        for store in stores:
            wait_until(partial(_has_logged_in_again, store), what="a token that nobody used has ended")
        again(6)
        etcd.gateway.call("auth/user/changepw", {"name": "ann", "password": "another"})
        for store in stores:
            with pytest.raises(DatabaseUnusable) as told:
                store.get("a")
            assert str(told.value) == f"{address}: wrong user or password"


def _has_logged_in_again(store: EtcdStore) -> bool:
    """Ask after longer than a token lives that nobody uses."""
    channel: Any = store._session.channel
    before = channel._token
    time.sleep(2)
    assert store.get("a") == 5
    return bool(channel._token != before)


# The server has no room.


def test_the_quota_is_full() -> None:
    with Etcd(quota_bytes=8 * 1024 * 1024) as etcd:
        address = etcd.address("shop")
        with open_store(address, "local", "write") as store:
            store.set("a", 1)
            store.acquire("l", "me", 60)
            etcd.gateway.fill()
            full = (
                _NOT_WRITABLE,
                f"error: {address}: the server's database is full\n"
                "hint: etcdctl compact, defrag and alarm disarm make room; the quota can be raised\n",
            )
            assert _refused(("state", "set", "b", "1"), address) == full
            assert _refused(("lock", "acquire", "m", *_MINE), address) == full
            assert piped(*GET, "--store", address).out == "1\n"
            # To delete an entry, or to forget one, is written down.
            assert _refused(("state", "delete", "a", "--yes"), address) == full
            store.release("l", "me")
            assert store.locks() == []
        etcd.gateway.make_room()
        assert piped("state", "set", "b", "1", "--store", address).code == 0


# What lies there is not ours.


@by_both
def test_newer_format(words: tuple[str, ...], shared_etcd: Etcd, address: str, prefix: str) -> None:
    shared_etcd.gateway.put(f"{prefix}/a/local/h", "9 1 2 3 4 5")
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: written by a newer sloth-runner (format 9)\nhint: this one knows 2\n",
    )
    assert shared_etcd.gateway.range(prefix) == {f"{prefix}/a/local/h": "9 1 2 3 4 5"}


@by_both
@pytest.mark.parametrize(
    "head", ["hello", "1 x y z", "", "1 1 1 0 abc x y z"], ids=["word", "letters", "empty", "steps"]
)
def test_head_of_somebody_else(
    words: tuple[str, ...], head: str, shared_etcd: Etcd, address: str, prefix: str
) -> None:
    shared_etcd.gateway.put(f"{prefix}/a/local/h", head)
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: not a store of sloth-runner\nhint: choose another prefix\n",
    )
    assert shared_etcd.gateway.range(prefix) == {f"{prefix}/a/local/h": head}


_FOREIGN: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "entry": (
        "e/a",
        [GET, SET, ("state", "list"), ("state", "show", "a"), ("state", "delete", "a", "--yes")],
    ),
    "record": ("r/0000000000000001", [("state", "history", "a"), ("state", "diff", "0")]),
    "change": ("c/0000000000000001", [("state", "log"), ("state", "history", "a")]),
    "size": ("n/0000000000000001", [("state", "log")]),
    "lock": ("l/deploy", [("lock", "list"), ("lock", "acquire", "deploy", *_MINE)]),
    "horizon": ("F", [("state", "diff", "0"), ("state", "compact")]),
}


@pytest.mark.parametrize("kind", _FOREIGN)
def test_something_of_somebody_else(kind: str, shared_etcd: Etcd, address: str, prefix: str) -> None:
    """One clear line, whatever is asked, and nothing is written."""
    name, commands = _FOREIGN[kind]
    assert piped(*SET, "--store", address).code == 0
    shared_etcd.gateway.put(f"{prefix}/a/local/{name}", "hello")
    before = shared_etcd.gateway.range(prefix)
    for words in commands:
        code, err = _refused(words, address)
        assert (code, err.count("\n")) == (_UNUSABLE, 2), (words, err)
        assert "is not as sloth-runner writes it\nhint: " in err, (words, err)
    assert shared_etcd.gateway.range(prefix) == before


_STAGES = {
    "text": "hello",
    "empty": "",
    "numbers": "1 1 x y -\nabc",
    "few-fields": "1 1 1\nabc",
    "short": "1 500 500 500 -\nabc",
    "negative": "1 -5 3 -1 -\nabc",
    "puts-text": "puts\nhello",
    "puts-short": "puts\n1 500\nabc",
    "puts-negative": "puts\n-1 2\nabc",
}


@pytest.mark.parametrize("kind", _STAGES)
def test_a_stage_of_somebody_else(kind: str, shared_etcd: Etcd, address: str, prefix: str) -> None:
    shared_etcd.gateway.put(f"{prefix}/a/local/h", "1 5 1 0 abc 4 1 0")
    shared_etcd.gateway.put(f"{prefix}/a/local/s/abc/{0:016x}", _STAGES[kind])
    before = shared_etcd.gateway.range(prefix)
    for words in (GET, SET):
        code, err = _refused(words, address)
        assert (code, err) == (
            _UNUSABLE,
            f"error: etcd's key '{prefix}/a/local/s/abc/{0:016x}' is not as sloth-runner writes it\n"
            "hint: etcdctl get shows it; give sloth-runner a prefix of its own\n",
        )
    assert shared_etcd.gateway.range(prefix) == before


@by_both
def test_a_stage_that_is_gone(words: tuple[str, ...], shared_etcd: Etcd, address: str, prefix: str) -> None:
    shared_etcd.gateway.put(f"{prefix}/a/local/h", "1 5 1 0 abc 4 1 0")
    assert _refused(words, address) == (
        _UNUSABLE,
        f"error: {address}: the change after revision 4 is not whole: a part is gone\n"
        "hint: restore the store from a backup\n",
    )


# What is not sent.


@by_both
def test_too_large(words: tuple[str, ...], address: str) -> None:
    key = "k" * 4097
    result = piped(*words[:2], key, *words[3:], "--store", address)
    if words is SET:
        assert (result.code, result.err) == (
            _USAGE,
            f"error: key '{'k' * 64}…' has 4,097 bytes\nhint: at most 4,096\n",
        )
    else:
        assert result.code == 3


def test_a_value_may_have_64_mib(address: str) -> None:
    with open_store(address, "local", "write") as store, pytest.raises(InvalidValue) as told:
        store.set("a", b"x" * (64 * 1024 * 1024 + 1))
    assert str(told.value) == "the value has 67,108,865 bytes"
    assert told.value.hint == "at most 67,108,864"


@pytest.mark.parametrize("brief", [True, False], ids=["gateway", "grpc"])
def test_read_only(brief: bool, address: str) -> None:
    """Nothing is sent, whatever it is."""
    with open_store(address, "local", "write") as writer:
        writer.set("a", 1)
        lock = writer.acquire("l", "me", 60)
    with open_store(address, "local", "read", brief=brief) as store:
        (made,) = store.change_sets()
        for write in (
            lambda: store.set("a", 2),
            lambda: store.increment("a"),
            lambda: store.delete("a"),
            lambda: store.set_many({"b": 1}),
            lambda: store.undo(made),
            lambda: store.acquire("m", "me", 60),
            lambda: store.renew("l", "me", 60),
            lambda: store.release("l", "me", token=lock.token),
            lambda: store.break_lock("l"),
            lambda: store.mark_secret("a"),
            lambda: store.transaction().__enter__(),
        ):
            with pytest.raises(NotWritable) as told:
                write()
            assert str(told.value) == f"{address}: opened read-only"
            assert told.value.hint == "nothing was written"
        assert store.revision() == 1
        assert [held.token for held in store.locks()] == [lock.token]


# What happens during a walk.


@pytest.mark.parametrize("brief", [True, False], ids=["gateway", "grpc"])
def test_the_server_forgets_the_moment_of_a_walk(
    brief: bool,
    shared_etcd: Etcd,
    address: str,
) -> None:
    """It goes on from where it is, at the present: each key once, none left out."""
    keys = [f"k{number:04}" for number in range(1500)]
    with (
        open_store(address, "local", "write") as writer,
        open_store(address, "local", "read", brief=brief) as store,
    ):
        writer.set_many(dict.fromkeys(keys, "x" * 1000))
        seen = []
        for key, value in store.items():
            seen.append(key)
            assert value in ("x" * 1000, "later")
            if len(seen) in (1, 700):
                writer.set("k1499", "later")
                writer.set(f"k00000{len(seen)}", "before it")
                shared_etcd.gateway.compact()
    assert seen == keys


def test_the_cluster_was_restored(address: str) -> None:
    """A moment that is not there yet is none of ours."""
    with open_store(address, "local", "read") as store, pytest.raises(DatabaseUnusable) as told:
        store._session.range(Range(b"a", revision=10**12))
    assert str(told.value) == f"{address}: the cluster was restored from a backup"
    assert told.value.hint == "open the store again"


def test_what_was_open_before_the_cluster_was_restored_writes_nothing(etcd: Etcd, tmp_path: Path) -> None:
    """Its store is a later one than there is: nothing that it knows counts, and its lock may be another's."""
    (member,) = etcd.members
    address = etcd.address("shop")
    with open_store(address, "local", "write") as store, open_store(address, "local", "write") as locked:
        store.set("a", 1)
        member.stop()
        shutil.copytree(member.data, tmp_path / "saved")
        etcd.start()
        for number in range(9):
            store.set("a", number)
        token = locked.acquire("deploy", "me", 60).token
        locked.fence("deploy", token)
        locked.set("b", 1)
        member.stop()
        shutil.rmtree(member.data)
        shutil.copytree(tmp_path / "saved", member.data)
        etcd.start()
        with open_store(address, "local", "write") as other:
            while etcd.gateway.revision() < token - 1:
                etcd.gateway.put("of others", "")
            assert other.acquire("deploy", "you", 60).token == token, "given twice"
            for attempt in (
                lambda: store.increment("a"),
                lambda: store.get("a"),
                lambda: list(store.keys()),
                lambda: locked.set("b", 2),
                lambda: locked.increment("a"),
            ):
                with pytest.raises(DatabaseUnusable) as told:
                    attempt()
                assert str(told.value) == f"{address}: the cluster was restored from a backup"
                assert told.value.hint == "open the store again"
            assert dict(other.items()) == {"a": 1}
