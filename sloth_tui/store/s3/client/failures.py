"""What the driver reports, in our words."""

from __future__ import annotations

import re

from sloth_tui.errors import DatabaseUnusable, NotWritable, SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.s3.client.address import Address

_STATUS = re.compile(r"status code: (\d{3}) ?([A-Za-z ]*)")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_BAD_CREDENTIALS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken")
_CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials, hold them"
_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_MACHINE = "169.254.169.254"
"""The address at which a machine of Amazon asks for its credentials: the last place the driver looks."""


def status_of(error: BaseException) -> int:
    """Return the status of the server's answer; 0 if there was none."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0


def code_of(error: BaseException) -> str:
    """Return the error code in the server's answer; empty if there is none."""
    found = _CODE.search(str(error))
    return found[1] if found else ""


def never_sent(error: BaseException) -> bool:
    """Return True if the request certainly did not reach the server."""
    return "kind: Connect" in str(error)


def may_pass(error: BaseException) -> bool:
    """Return True if the same request may succeed a moment later."""
    status = status_of(error)
    return (status in (0, 408, 409, 429) and "BareRedirect" not in str(error)) or (
        status >= 500 and status not in (501, 507)
    )


def translated(error: BaseException, address: Address, seconds: float, *, writing: bool) -> SlothError:
    """Return the error to raise instead of one of the driver. ``seconds``: how long the server was given."""
    text, status, code, where = str(error), status_of(error), code_of(error), address.text
    if _MACHINE in text:
        return DatabaseUnusable(f"{where}: no credentials for S3", hint=_CREDENTIALS)
    if not status and "BareRedirect" not in text:
        return DatabaseUnusable(f"{where}: {_unreached(text, address, seconds)}", hint=_remedy(text))
    if code in _BAD_CREDENTIALS or status == 401:
        return DatabaseUnusable(f"{where}: the server does not accept the credentials", hint=_CREDENTIALS)
    if code == "RequestTimeTooSkewed":
        return DatabaseUnusable(f"{where}: the clock of this machine is wrong", hint="the server compares it")
    if code == "NoSuchBucket":
        return DatabaseUnusable(f"{where}: there is no bucket '{address.bucket}'", hint="create it first")
    if code in _REGION or "BareRedirect" in text or status in (301, 307, 308):
        return DatabaseUnusable(f"{where}: the bucket is in another region", hint="name it: ?region=R")
    if status == 403:
        if code in ("QuotaExceeded", "InsufficientQuota"):
            return NotWritable(f"{where}: no room: the quota is used up")
        kind = NotWritable if writing else DatabaseUnusable
        doing = "write" if writing else "read"
        return kind(f"{where}: access denied: these credentials may not {doing} there", hint=_CREDENTIALS)
    if status == 507:
        return NotWritable(f"{where}: no room on the server")
    return DatabaseUnusable(f"{where}: the server answers {status}{' ' + code if code else ''}")


def _unreached(text: str, address: Address, seconds: float) -> str:
    server = address.server
    if "kind: Timeout" in text or "TimedOut" in text:
        return f"{server} did not answer within {seconds:g} s"
    if "ConnectionRefused" in text:
        return f"nobody listens at {server}"
    if "dns error" in text or "failed to lookup" in text:
        return f"no address is known for {server}"
    if any(sign in text for sign in ("certificate", "Certificate", "UnknownIssuer")):
        return f"the certificate of {server} is not trusted"
    if any(sign in text for sign in ("InvalidMessage", "InvalidContentType", "tls", "ssl")):
        return f"{server} does not speak TLS"
    return f"{server} cannot be reached" if "HTTP error" in text else f"{server} answers as no S3 server does"


def _remedy(text: str) -> str | None:
    if "InvalidMessage" in text or "InvalidContentType" in text:
        return "endpoint=http://... for a server without TLS"
    return None
