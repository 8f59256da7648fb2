"""Credentials from the file of other programs that use S3; those of the environment and of the machine are
found by the driver itself."""

from __future__ import annotations

import os
from configparser import ConfigParser, Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from obstore.store import S3Config

_ELSEWHERE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def from_file() -> S3Config:
    """Return the driver's settings for the profile of ``$AWS_PROFILE``, or ``default``; empty if the
    environment has credentials, or if there is no such profile."""
    if any(os.environ.get(name) for name in _ELSEWHERE):
        return {}
    path = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.expanduser("~/.aws/credentials")
    profiles = ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            profiles.read_file(file)
        profile = profiles[os.environ.get("AWS_PROFILE") or "default"]
    except (OSError, Error, KeyError, UnicodeDecodeError):
        return {}
    found: S3Config = {
        "access_key_id": profile.get("aws_access_key_id", ""),
        "secret_access_key": profile.get("aws_secret_access_key", ""),
    }
    token = profile.get("aws_session_token")
    if token:
        found["session_token"] = token
    return found
