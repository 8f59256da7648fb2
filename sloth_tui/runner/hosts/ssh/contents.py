"""Read files of a host that ssh reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import LARGEST_CONTENT
from sloth_tui.runner.hosts.ssh.answers import parse_contents
from sloth_tui.runner.hosts.ssh.requests import call
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.runner.hosts.host import Found
    from sloth_tui.runner.hosts.ssh.session import SshSession


def read_back(session: SshSession, paths: Sequence[str], names: Sequence[bytes]) -> list[Found]:
    """Return what is at each path, with its content. ``names``: the paths as arguments.

    Raises HostError; it names what is larger than LARGEST_CONTENT by ``paths``.
    """
    body = call("look_into", b"%d" % (LARGEST_CONTENT + 1), *names)
    answer = session.ask_for_success(body, acting=False)
    found = session.parsed(lambda: parse_contents(answer, len(names), session.nonce))
    for path, each in zip(paths, found, strict=True):
        if each.size > LARGEST_CONTENT:
            raise HostError(f"'{path}' on '{session.name}' is larger than {format_size(LARGEST_CONTENT)}")
    return found
