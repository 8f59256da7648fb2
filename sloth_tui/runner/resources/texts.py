"""Files of which a task wants some lines to be so, and leaves the rest to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError
from sloth_tui.runner.hosts.contents import Bytes
from sloth_tui.runner.hosts.host import ABSENT
from sloth_tui.runner.resources.change import Change
from sloth_tui.runner.resources.files import check_file, replace
from sloth_tui.runner.resources.lines import check_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Attributes, Found, Host
    from sloth_tui.runner.resources.change import Handling

    Edit = Callable[[bytes], bytes]


def look_at_text(host: Host, path: str, *, absent: bool, create: bool) -> Found:
    """Return the file with its content. Raises UsageError if it is no text file, or missing.

    ``absent``: it may be missing, and so may its directory; ``create``: it may be missing.
    """
    found = host.look([path], content=True)[0]
    if found.kind == ABSENT and absent:
        return found
    check_file(path, found)
    if found.kind == ABSENT and not create:
        raise UsageError(f"'{path}' does not exist", hint="create = true creates it")
    check_text(path, found.content or b"")
    return found


def edit_text(
    host: Host,
    kind: str,
    path: str,
    found: Found,
    edit: Edit,
    wanted: Attributes,
    handling: Handling,
) -> Change:
    """Replace the file by what ``edit`` makes of its content. Raises FileChanged, HostError, OSError."""
    old = found.content or b""
    new = edit(old)
    if found.kind == ABSENT and not new:
        return Change(kind, path, [], found.path)
    content = Bytes(new)
    return replace(host, kind, path, found, content, wanted, handling, expected=found.sha256 or "")
