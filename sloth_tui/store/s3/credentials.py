"""Credentials from the file of other programs that use S3; those of the environment and of the machine are
found by the driver itself."""

from __future__ import annotations

import os
from configparser import ConfigParser, Error

_ELSEWHERE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}
"""Name in the file -> name of the driver's setting."""


def from_file() -> dict[str, str]:
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
    return {ours: profile[theirs] for theirs, ours in _NAMES.items() if profile.get(theirs)}
