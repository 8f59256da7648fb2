"""What tests ask an etcd themselves, past the code under test: by its JSON gateway."""

from __future__ import annotations

import json
import ssl
from base64 import b64decode, b64encode
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any

from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from tests.servers.etcd import Etcd, Member

_ROOT_PASSWORD = "root's password"
_A_MOMENT = 2.0
"""Seconds after which a server is asked again whether it is up: somebody else may listen on its port."""


class Refused(Exception):
    """The server answered with an error; ``status`` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Gateway:
    """Calls to the first member that runs. Keys and values are text; bytes that are none are escaped."""

    def __init__(self, etcd: Etcd) -> None:
        self._etcd = etcd
        self._has_users = False

    # -- keys

    def put(self, key: str, value: str) -> None:
        self.call("kv/put", {"key": _coded(key), "value": _coded(value)})

    def get(self, key: str) -> str | None:
        return self.range(key, None).get(key)

    def range(self, prefix: str, end: str | None = "") -> dict[str, str]:
        """Return the keys under a prefix with their values; with ``end`` None, only that key."""
        found = self.call("kv/range", {"key": _coded(prefix)} if end is None else _under(prefix))
        return {_decoded(one["key"]): _decoded(one.get("value", "")) for one in found.get("kvs", ())}

    def delete(self, prefix: str) -> int:
        """Delete the keys under a prefix; return their number."""
        return int(self.call("kv/deleterange", _under(prefix)).get("deleted", 0))

    def revision(self) -> int:
        """Return the server's own newest revision."""
        return int(self.call("kv/range", {"key": _coded("\0")})["header"]["revision"])

    def compact(self) -> None:
        """Have the server forget all revisions but the newest."""
        self.call("kv/compaction", {"revision": str(self.revision()), "physical": True})

    # -- upkeep

    def fill(self, key: str = "filling") -> None:
        """Write until the quota is used up. Wants a server with a small one."""

        def one_more() -> bool:
            try:
                self.put(key, "x" * 500_000)
            except Refused as refused:
                return "database space exceeded" in str(refused)
            return False

        wait_until(one_more, what="the quota is used up")

    def make_room(self, key: str = "filling") -> None:
        """Undo :meth:`fill`, as a person would who looks after the server."""
        self.delete(key)
        self.compact()
        for member in self._etcd.members:
            self.call("maintenance/defragment", member=member)
        for alarm in self.alarms():
            self.call("maintenance/alarm", {"action": "DEACTIVATE", **alarm})

    def alarms(self) -> list[dict[str, str]]:
        """Return the alarms that are on: ``memberID`` and ``alarm``, such as ``NOSPACE``."""
        found: list[dict[str, str]] = self.call("maintenance/alarm", {"action": "GET"}).get("alarms", [])
        return found

    def leader_by(self, member: Member) -> str | None:
        """Return the id of the leader as a member knows it; None if it knows none, or does not answer."""
        return self._status(member).get("leader")

    def leads(self, member: Member) -> bool:
        status = self._status(member)
        return bool(status) and status.get("leader") == status["header"]["member_id"]

    def _status(self, member: Member) -> dict[str, Any]:
        """Empty if it does not answer at once."""
        try:
            answer: dict[str, Any] = self._post(member, "maintenance/status", {}, {}, _A_MOMENT)
        except (OSError, HTTPException, Refused):
            return {}
        return answer

    # -- users

    def add_user(self, name: str, password: str, prefix: str, *, kind: str = "READWRITE") -> None:
        """Add a user who may READ, WRITE or READWRITE what lies under a prefix. It counts after
        :meth:`require_users`."""
        self.call("auth/user/add", {"name": name, "password": password})
        self.call("auth/role/add", {"name": name})
        self.call("auth/role/grant", {"name": name, "perm": {"permType": kind, **_under(prefix)}})
        self.call("auth/user/grant", {"user": name, "role": name})

    def require_users(self) -> None:
        """From now on the server serves only users."""
        self.call("auth/user/add", {"name": "root", "password": _ROOT_PASSWORD})
        self.call("auth/role/add", {"name": "root"})
        self.call("auth/user/grant", {"user": "root", "role": "root"})
        self.call("auth/enable")
        self._has_users = True

    # -- calls

    def call(self, method: str, body: dict[str, Any] | None = None, member: Member | None = None) -> Any:
        """Call a method such as ``kv/put`` as root and return its answer. Raises Refused, OSError."""
        return self.call_as(("root", _ROOT_PASSWORD) if self._has_users else None, method, body, member)

    def call_as(
        self,
        user: tuple[str, str] | None,
        method: str,
        body: dict[str, Any] | None = None,
        member: Member | None = None,
    ) -> Any:
        """As :meth:`call`, with a name and a password, or as nobody."""
        asked = member or next(one for one in self._etcd.members if one.runs)
        headers = {}
        if user:
            login = dict(zip(("name", "password"), user, strict=True))
            headers["Authorization"] = self._post(asked, "auth/authenticate", login, {})["token"]
        return self._post(asked, method, body or {}, headers)

    def _post(
        self,
        member: Member,
        method: str,
        body: dict[str, Any],
        headers: dict[str, str],
        seconds: float = A_MINUTE,
    ) -> Any:
        connection = self._connection(member.port, seconds)
        try:
            connection.request("POST", f"/v3/{method}", json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(answer.status, text.decode(errors="replace"))
        return json.loads(text)

    def _connection(self, port: int, seconds: float) -> HTTPConnection:
        authority, client = self._etcd.authority, self._etcd.client
        if authority is None or client is None:
            return HTTPConnection("127.0.0.1", port, timeout=seconds)
        context = ssl.create_default_context(cafile=str(authority.certificate))
        context.load_cert_chain(client.certificate, client.key)
        return HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)


def _coded(text: str) -> str:
    return b64encode(text.encode(errors="surrogateescape")).decode()


def _decoded(text: str) -> str:
    return b64decode(text).decode(errors="surrogateescape")


def _under(prefix: str) -> dict[str, str]:
    """The range of what begins with a prefix; with the empty one, everything."""
    if not prefix:
        return {"key": _coded("\0"), "range_end": _coded("\0")}
    begin = prefix.encode(errors="surrogateescape")
    end = begin[:-1] + bytes([begin[-1] + 1])
    return {"key": _coded(prefix), "range_end": b64encode(end).decode()}
