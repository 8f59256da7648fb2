"""The resources that Lua's ``file`` describes: from the fields of a call to what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.errors import FileChanged, UsageError
from sloth_tui.runner.hosts.contents import Bytes, LocalFile
from sloth_tui.runner.resources import blocks, directories, files, lines, texts, trees
from sloth_tui.runner.resources.change import Change, Handling

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Found, Host
    from sloth_tui.runner.lua.context import Context
    from sloth_tui.runner.lua.modules.fields import Fields


class FileResources:
    """Compares and changes, one call at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked: tuple[str, Host, Found] | None = None
        self._makers: dict[str, Callable[[Host, Fields], Change]] = {
            "copy": self._copy,
            "write": self._write,
            "template": self._template,
            "line": self._line,
            "block": self._block,
            "directory": self._directory,
            "link": self._link,
            "absent": self._absent,
            "remove": self._remove,
            "tree": self._tree,
        }

    def apply(self, kind: str, host: Host, fields: Fields) -> Change:
        """Make it so. ``kind`` is the function of Lua. Raises FileChanged, SlothError, OSError."""
        return self._makers[kind](host, fields)

    @property
    def has_looked(self) -> bool:
        """True after :meth:`look_at_text`, until the call that it was for."""
        return self._looked is not None

    def assumed(self, kind: str, fields: Fields) -> Change:
        """Return what is predicted of a call that misses what a command was to make."""
        self._looked = None
        field = "dest" if kind in ("copy", "template", "tree") else "path"
        told = "file" if kind in ("copy", "write", "template", "remove", "absent") else kind
        return Change(told, fields.path(field), ["content"], fields.path(field))

    def look_at_text(self, host: Host, fields: Fields) -> tuple[bytes, str]:
        """Return the content of a text file and its checksum, which the next call names as ``seen``."""
        found = self._text(host, fields)
        self._looked = fields.path("path"), host, found
        return found.content or b"", found.sha256 or ""

    def _copy(self, host: Host, fields: Fields) -> Change:
        source = LocalFile(self._context.find_source(fields.path("src")))
        handling = self._handling(fields)
        return files.copy_file(host, source, fields.path("dest"), fields.attributes(host), handling)

    def _write(self, host: Host, fields: Fields) -> Change:
        content = Bytes(fields.data("content") or b"")
        return files.write_file(
            host, fields.path("path"), content, fields.attributes(host), self._handling(fields)
        )

    def _template(self, host: Host, fields: Fields) -> Change:
        from sloth_tui.runner.lua.modules.templates import render

        values = json.loads(fields.data("vars") or b"{}")
        content = Bytes(render(self._context, fields.data("src"), fields.data("content"), values))
        return files.write_file(
            host, fields.path("dest"), content, fields.attributes(host), self._handling(fields)
        )

    def _line(self, host: Host, fields: Fields) -> Change:
        line, matches, place = fields.data("line"), _numbers(fields.data("matches")), _place(fields)
        every = fields.flag("all")

        def edit(text: bytes) -> bytes:
            if fields.flag("absent"):
                return lines.without_line(text, line, matches=matches)
            return lines.with_line(text, line or b"", matches=matches, place=place, every=every)

        if line is not None:
            lines.check_line(line)
        return self._edited("line", host, fields, edit)

    def _block(self, host: Host, fields: Fields) -> Change:
        comment = fields.data("comment")
        between = blocks.markers(fields.data("name") or b"", b"#" if comment is None else comment)
        block, place = fields.data("block") or b"", _place(fields)
        if b"\0" in block:
            raise UsageError("block must not contain NUL")

        def edit(text: bytes) -> bytes:
            if fields.flag("absent"):
                return blocks.without_block(text, between)
            return blocks.with_block(text, block, between, place)

        return self._edited("block", host, fields, edit)

    def _edited(self, kind: str, host: Host, fields: Fields, edit: texts.Edit) -> Change:
        path = fields.path("path")
        found = self._seen(path, host, fields)
        wanted = fields.attributes(host)
        return texts.edit_text(host, kind, path, found, edit, wanted, self._handling(fields))

    def _seen(self, path: str, host: Host, fields: Fields) -> Found:
        """Return the text file. Raises FileChanged if Lua has found its lines in another content."""
        looked, self._looked = self._looked, None
        seen = fields.text("seen")
        if looked is not None and (*looked[:2], looked[2].sha256 or "") == (path, host, seen):
            return looked[2]
        found = self._text(host, fields)
        if seen is not None and seen != (found.sha256 or ""):
            raise FileChanged(f"'{path}' was changed by somebody else meanwhile")
        return found

    def _text(self, host: Host, fields: Fields) -> Found:
        absent, create = fields.flag("absent"), fields.flag("create")
        return texts.look_at_text(host, fields.path("path"), absent=absent, create=create)

    def _directory(self, host: Host, fields: Fields) -> Change:
        parents = fields.flag("parents", default=True)
        return directories.make_directory(host, fields.path("path"), fields.attributes(host), parents=parents)

    def _link(self, host: Host, fields: Fields) -> Change:
        return directories.make_link(host, fields.path("path"), fields.path("to"), force=fields.flag("force"))

    def _absent(self, host: Host, fields: Fields) -> Change:
        return files.remove_path(host, fields.path("path"), recurse=fields.flag("recurse"))

    def _remove(self, host: Host, fields: Fields) -> Change:
        return files.remove_path(host, fields.path("path"), files_only=True)

    def _tree(self, host: Host, fields: Fields) -> Change:
        wanted = trees.Wanted(
            fields.attributes(host, "file_mode"),
            fields.attributes(host, "dir_mode"),
            delete=fields.flag("delete"),
        )
        source = self._context.find_source(fields.path("src"))
        return trees.copy_tree(host, source, fields.path("dest"), wanted, self._handling(fields))

    def _handling(self, fields: Fields) -> Handling:
        validate = fields.text("validate")
        if validate is not None and validate.count("%s") != 1:
            raise UsageError("validate must have %s once, where the path of the new file goes")
        if validate is not None and "\0" in validate:
            raise UsageError("validate must not contain NUL")
        backup, secret = fields.flag("backup"), fields.flag("secret")
        return Handling(validate, backup, secret, self._context.diff)


def _numbers(text: bytes | None) -> list[int] | None:
    return None if text is None else [int(number) for number in text.split()]


def _place(fields: Fields) -> int | None:
    """Return before which line something is inserted: None for the end, NOWHERE if no line matched."""
    place = fields.number("place")
    return None if place is None else int(place)
