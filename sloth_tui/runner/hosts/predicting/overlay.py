"""What would be at paths of a host: predicted files over those that are there."""

from __future__ import annotations

import io
import posixpath
import stat
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import HostError
from sloth_tui.runner.hosts.host import (
    ABSENT,
    DIRECTORY,
    FILE,
    LOOP,
    Attributes,
    Found,
    check_names,
    named,
)

if TYPE_CHECKING:
    from typing import BinaryIO

    from sloth_tui.runner.hosts.host import Content, Defaults, Host

_MOST_LINKS = 40
"""Links on the way to a file; beyond that it is a circle."""


class Predicted(NamedTuple):
    """What would be at a path whose directory has all links followed."""

    kind: str
    attributes: Attributes = Attributes()
    content: Content | None = None
    """Of a file, if it would be replaced; None: what is there."""
    link: str | None = None
    """The text, if it is a symbolic link. Its kind is not known without following it."""
    made: bool = False
    """True of a directory that would be made: nothing is below it but what is predicted."""

    @property
    def hides(self) -> bool:
        """True if nothing that is really below the path would be there."""
        return self.made or self.link is not None or self.kind != DIRECTORY


_GONE = Predicted(ABSENT)


class ContentThere:
    """The content of a file of a host, which is read when it is asked for. In a check it does not change."""

    def __init__(self, host: Host, found: Found) -> None:
        """``found``: what was found there, with its checksum."""
        self._host = host
        self._path = found.path
        self.size = found.size
        self.sha256 = found.sha256 or ""

    def open(self) -> BinaryIO:
        """Raises HostError."""
        return io.BytesIO(self._host.look([self._path], content=True)[0].content or b"")


class Resolved(NamedTuple):
    """Where a path leads to."""

    path: str
    """With all links followed."""
    link: str | None
    """The text of the link, if the path itself is one."""
    is_loop: bool = False


class Overlay:
    """Predictions by path, over what a host says is there. It only looks."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._predicted: dict[str, Predicted] = {}
        self._directory: str | None = None
        self._defaults: Defaults | None = None

    def __bool__(self) -> bool:
        return bool(self._predicted)

    # Predictions

    def predict(self, path: str, predicted: Predicted) -> None:
        """Predict what is at a path whose directory is resolved."""
        if predicted.hides and predicted.kind != FILE:  # where a file can be, nothing is below
            self._forget_below(path)
        self._predicted[path] = predicted

    def amend(self, path: str, predicted: Predicted) -> None:
        """Predict other attributes of what is at a path whose directory is resolved."""
        self._predicted[path] = predicted

    def remove(self, path: str) -> None:
        """Predict that nothing is at a path whose directory is resolved, nor below it."""
        self.predict(path, _GONE)

    def _forget_below(self, path: str) -> None:
        below = f"{path.rstrip('/')}/"
        for each in [each for each in self._predicted if each.startswith(below)]:
            del self._predicted[each]

    # Looks

    def at(self, path: str) -> Predicted | None:
        """Return what is predicted for a path whose directory is resolved; None if the host knows better."""
        if path in self._predicted:
            return self._predicted[path]
        above = path
        while above != "/":
            above = posixpath.dirname(above)
            if above in self._predicted:
                return _GONE if self._predicted[above].hides else None
        return None

    def look(self, path: str, *, checksum: bool, content: bool) -> Found:
        """Return what would be at a path, as :meth:`Host.look` says it."""
        resolved = self.resolve(path)
        if resolved.is_loop:
            return Found(resolved.path, LOOP, link=resolved.link)
        predicted = self.at(resolved.path)
        if predicted is None:
            there = self._host.look([resolved.path], checksum=checksum, content=content)[0]
            return self._parented(there._replace(link=resolved.link))
        found = Found(resolved.path, predicted.kind, link=resolved.link)
        if predicted.kind == FILE:
            found = self._file(found, predicted, checksum=checksum, content=content)
        if predicted.kind != ABSENT:
            found = _attributed(found, predicted.attributes)
        return self._parented(found)

    def resolve(self, path: str) -> Resolved:
        """Follow all links of a path, those that are predicted and those that are there."""
        check_names(path, self._host.name)
        path = self.absolute(path)
        names = [name for name in path.split("/") if name]
        there = self._prefixes(names)
        # The last name of the path itself, not of what a link leads to, is marked.
        ahead = [(name, number == len(names)) for number, name in enumerate(names, 1)]
        current, own_link, links = "/", None, 0
        while ahead:
            name, own = ahead.pop(0)
            if name in (".", ".."):
                current = posixpath.dirname(current) if name == ".." else current
                continue
            at = posixpath.join(current, name)
            text = self._link_at(at, there)
            if text is None:
                current = at
                continue
            own_link = text if own else own_link
            links += 1
            if links > _MOST_LINKS:
                return Resolved(path, own_link, is_loop=True)
            ahead = [(each, False) for each in text.split("/") if each] + ahead
            current = "/" if text.startswith("/") else current
        return Resolved(current, own_link)

    def own_path(self, path: str) -> str:
        """Return the path of the object itself: only its directory has all links followed. Raises HostError
        if they lead in a circle."""
        directory, name = posixpath.split(self.absolute(path).rstrip("/"))
        if name in ("", ".", ".."):
            return self.resolve(path).path
        resolved = self.resolve(directory)
        if resolved.is_loop:
            raise HostError(f"{named(path, self._host.name)}: Too many levels of symbolic links")
        return posixpath.join(resolved.path, name)

    def absolute(self, path: str) -> str:
        """Return the path from the root."""
        if path.startswith("/"):
            return path
        if self._directory is None:
            self._directory = self._host.look(["."], checksum=False)[0].path
        return posixpath.join(self._directory, path)

    def defaults(self) -> Defaults:
        """Return what new files get."""
        if self._defaults is None:
            self._defaults = self._host.defaults()
        return self._defaults

    def new(self, kind: str, path: str) -> Attributes:
        """Return the attributes of a new file or directory at a resolved path."""
        umask, uid, gid = self.defaults()
        mode = (0o777 if kind == DIRECTORY else 0o666) & ~umask
        above = self.look(posixpath.dirname(path), checksum=False, content=False)
        if above.kind == DIRECTORY and above.mode & stat.S_ISGID:
            return Attributes(mode | (stat.S_ISGID if kind == DIRECTORY else 0), uid, above.gid)
        return Attributes(mode, uid, gid)

    def names_below(self, path: str) -> list[str]:
        """Return the predicted paths below a resolved directory, relative to it, those of nothing too."""
        below = f"{path.rstrip('/')}/"
        return [each.removeprefix(below) for each in self._predicted if each.startswith(below)]

    def kind(self, path: str) -> str:
        """Return the kind of what would be at a resolved path."""
        predicted = self.at(path)
        return self._host.look([path], checksum=False)[0].kind if predicted is None else predicted.kind

    def _parented(self, found: Found) -> Found:
        parent = posixpath.dirname(found.path)
        predicted = self.at(parent)
        return found if predicted is None else found._replace(parent=predicted.kind == DIRECTORY)

    def _file(self, found: Found, predicted: Predicted, *, checksum: bool, content: bool) -> Found:
        if predicted.content is None:
            return self._host.look([found.path], checksum=checksum, content=content)[0]._replace(
                link=found.link
            )
        found = found._replace(size=predicted.content.size, sha256=predicted.content.sha256)
        if not content:
            return found
        with predicted.content.open() as file:
            return found._replace(content=file.read())

    def _prefixes(self, names: list[str]) -> dict[str, Found]:
        """Look at all directories on the way in one request, as if there were no links."""
        paths = ["/" + "/".join(names[: end + 1]) for end in range(len(names))]
        return dict(zip(paths, self._host.look(paths, checksum=False), strict=True)) if paths else {}

    def _link_at(self, path: str, there: dict[str, Found]) -> str | None:
        predicted = self.at(path)
        if predicted is not None:
            return predicted.link
        found = there.get(path) or self._host.look([path], checksum=False)[0]
        return found.link


def _attributed(found: Found, attributes: Attributes) -> Found:
    mode, uid, gid = attributes
    return found._replace(
        mode=found.mode if mode is None else mode,
        uid=found.uid if uid is None else uid,
        gid=found.gid if gid is None else gid,
    )
