"""What a request must be before anything answers it.

Every page that is open in a browser, and every program on this machine, may send requests here. So each check
is about one way in, none trusts another, and all of them pass before a process is started.

There is no cookie: cookies do not know ports, and a browser would send it to other servers on this machine.
The token is in the fragment of the address, which browsers do not send; a page shows it as a subprotocol of
its websocket.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from aiohttp.web import BaseRequest

    from sloth_tui.web.addresses import Place

SOCKET = "/socket"
PROTOCOL = "sloth"
_TOKEN = "token."  # noqa: S105 - what stands before it
_SESSION = "session."


class Refusal(NamedTuple):
    """The answer to a request that is refused."""

    status: int
    reason: str
    """For the log and the answer; holds nothing of the request."""
    slow: bool = False
    """True if the answer is to wait, so that guessing is slow."""


class Known(NamedTuple):
    """What a request is compared with."""

    place: Place
    token: str
    has_session: Callable[[str], bool]
    is_full: Callable[[], bool]


Check: TypeAlias = "Callable[[BaseRequest, Known], Refusal | None]"


def path_of(request: BaseRequest) -> str:
    """Return the path as it was sent: nothing is decoded or resolved."""
    return _target_of(request)[1].partition("?")[0]


def session_of(request: BaseRequest) -> str:
    """Return the session that a page wants back; empty if it wants a new one."""
    return _offered(request, _SESSION)


def check_host(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse other names: a stranger's name can be made to point here (DNS rebinding)."""
    if request.headers.getall("Host", []) not in [[host] for host in known.place.hosts]:
        return Refusal(421, "this is not called by that name; --name gives it another one")
    return None


def check_target(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse a whole address of another server, as proxies are sent."""
    authority = _target_of(request)[0]
    if authority is None or authority == request.headers.get("Host"):
        return None
    return Refusal(421, "this is no proxy")


def check_method(request: BaseRequest, known: Known) -> Refusal | None:
    return None if request.method == "GET" else Refusal(403, "only GET is answered")


def check_site(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse what a page of another site asks for. It may lead here, in a tab of its own: that page knows no
    token, and the other one cannot look into it."""
    sent = request.headers.get
    if sent("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return None
    if path_of(request) == "/" and (sent("Sec-Fetch-Mode"), sent("Sec-Fetch-Dest")) == (
        "navigate",
        "document",
    ):
        return None
    return Refusal(403, "a page of another site asked for it")


def check_origin(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse websockets of other pages, which browsers open without asking."""
    if not is_upgrade(request):
        return None
    origins = request.headers.getall("Origin", [])
    if origins != [f"{known.place.scheme}://{request.headers.get('Host', '')}"]:
        return Refusal(403, "another page opened the websocket")
    return None


def check_token(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse who does not have the token. Never the right one: 256 bits need no lock-out."""
    if path_of(request) != SOCKET:
        return None
    shown = _offered(request, _TOKEN) or request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), known.token.encode()):
        return Refusal(401, "the token is missing or wrong", slow=True)
    return None


def check_room(request: BaseRequest, known: Known) -> Refusal | None:
    """Refuse another session where there are as many as there may be."""
    if path_of(request) == SOCKET and known.is_full() and not known.has_session(session_of(request)):
        return Refusal(503, "there are as many sessions as there may be")
    return None


CHECKS: tuple[Check, ...] = (
    check_host,
    check_target,
    check_method,
    check_site,
    check_origin,
    check_token,
    check_room,
)
"""In this order; the first that refuses decides."""


def examine(request: BaseRequest, known: Known, checks: Sequence[Check] = CHECKS) -> Refusal | None:
    """Return why a request is refused; None if it may be answered."""
    for check in checks:
        refusal = check(request, known)
        if refusal is not None:
            return refusal
    return None


def is_upgrade(request: BaseRequest) -> bool:
    """True if the request is to open a websocket."""
    return path_of(request) == SOCKET and request.headers.get("Upgrade", "").lower() == "websocket"


def _target_of(request: BaseRequest) -> tuple[str | None, str]:
    """Return the authority in the target of a request, None if there is none, and what follows it."""
    scheme, separator, rest = request.raw_path.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return None, request.raw_path
    authority, slash, path = rest.partition("/")
    return authority, slash + path


def _offered(request: BaseRequest, kind: str) -> str:
    """Return what follows ``kind`` in the first subprotocol that begins with it."""
    words = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    found = (word.strip().removeprefix(kind) for word in words if word.strip().startswith(kind))
    return next(found, "")
