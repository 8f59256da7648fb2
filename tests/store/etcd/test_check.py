"""What ``store check`` finds out about a server, and of whom the password is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import piped
from tests.servers.etcd import Etcd, needs_etcd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, needs_etcd]


def check(address: str) -> dict[str, object]:
    result = piped("store", "check", "--store", address, "-o", "json")
    assert (result.code, result.err) == (0, "")
    found: dict[str, object] = json.loads(result.out)
    return found


def test_a_server_without_users(shared_etcd: Etcd) -> None:
    address = shared_etcd.address("checked")
    found = check(address)
    assert found.pop("version") == shared_etcd.gateway.call("maintenance/status")["version"]
    assert isinstance(latency := found.pop("latency_ms"), float)
    assert latency > 0
    assert found == {"backend": "etcd", "location": address, "tls": False, "user": None, "warnings": []}
    assert shared_etcd.gateway.range("checked") == {}


def test_with_tls_there_is_no_warning() -> None:
    with Etcd(tls=True, client_certificates=True) as etcd:
        found = check(etcd.address("shop"))
        assert (found["tls"], found["warnings"]) == (True, [])
        assert found["location"] == f"etcds://127.0.0.1:{etcd.members[0].port}/shop"


def test_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Etcd() as etcd:
        etcd.gateway.add_user("ana", "secret", "shop/")
        etcd.gateway.require_users()
        address = etcd.address("shop", user="ana")
        clear = "the password of the user travels in clear: encrypt with etcds://"
        monkeypatch.setenv("SLOTH_STORE_PASSWORD", "secret")
        found = check(address)
        assert (found["user"], found["warnings"]) == ("ana", [clear])
        assert piped("state", "set", "a", "1", "--store", address).code == 0

        monkeypatch.delenv("SLOTH_STORE_PASSWORD")
        config = tmp_path / "base" / "config.toml"
        config.parent.mkdir()
        monkeypatch.setenv("SLOTH_RUNNER_HOME", str(config.parent))
        config.write_text('[store]\npassword_file = "pw"\n')
        secret = config.parent / "pw"
        secret.write_text("secret\n")
        secret.chmod(0o600)
        assert check(address)["warnings"] == [clear]
        assert piped("state", "get", "a", "--store", address).out == "1\n"
        secret.chmod(0o644)
        readable = f"others can read {secret}: chmod go-rwx {secret}"
        assert check(address)["warnings"] == [clear, readable]
        told = piped("store", "check", "--store", address)
        assert (told.code, told.err) == (0, f"warning: {clear}\nwarning: {readable}\n")

        secret.write_text("wrong\n")
        refused = piped("store", "check", "--store", address)
        assert refused.code == 7
        assert "wrong user or password" in refused.err
        nobody = piped("store", "check", "--store", etcd.address("shop"))
        assert nobody.code == 7
        assert "the server asks for a user" in nobody.err
    assert os.environ.get("SLOTH_STORE_PASSWORD") is None


def test_alarms_of_the_server() -> None:
    with Etcd(quota_bytes=4_000_000) as etcd:
        etcd.gateway.fill()
        warnings = check(etcd.address("shop"))["warnings"]
        assert isinstance(warnings, list)
        assert len(warnings) == 1
        assert warnings[0].startswith("the server reports: ")
        assert "NOSPACE" in warnings[0]
