"""Read a task file and the Lua files beside it."""

from __future__ import annotations

import os

from sloth_tui.documents.reading import read_regular
from sloth_tui.errors import SlothError, TaskFileError, UsageError
from sloth_tui.runner.lua.convert import host_function, text_from_lua

ENDINGS = (".lua", ".sloth")
_MAX_BYTES = 16 * 1024 * 1024
_MODULE_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class TaskSource:
    """The source text of a task file and of its modules."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.directory = os.path.dirname(os.path.abspath(path))
        self.name = os.path.basename(path)
        """Its name in errors: ``deploy.lua``."""
        self.modules: dict[str, bytes] = {}
        """The sources of the modules that were required so far, by name."""
        self.required: dict[str, bytes] = {}
        """Those that were required while the task file was loaded."""
        self.text = b""
        """The source of the task file, once it is read."""
        self.module = host_function(self._module)

    def read(self) -> bytes:
        """Return the source of the task file. Raises TaskFileError, which names the file."""
        if not self._path.endswith(ENDINGS):
            raise TaskFileError(
                f"'{self._path}' is not a task file", hint="its name must end in .lua or .sloth"
            )
        self.text = _read(self._path)
        return self.text

    def stop_loading(self) -> None:
        """Note that the task file is loaded."""
        self.required = dict(self.modules)

    def read_module(self, name: str) -> bytes | None:
        """Return the source of a module as it is now; None if there is none."""
        try:
            return self._read_module(name)[0]
        except SlothError:
            return None

    def _module(self, name: object) -> object:
        """Return source and chunk name of a module: ``lib.users`` is lib/users.lua beside the task file."""
        text = text_from_lua(name, "name")
        source, relative = self._read_module(text)
        self.modules[text] = source
        return True, source, b"@" + relative.encode()

    def _read_module(self, text: str) -> tuple[bytes, str]:
        segments = text.split(".")
        if not all(segment and _MODULE_LETTERS.issuperset(segment) for segment in segments):
            raise UsageError(
                f"'{text}' is not a module name", hint="names of letters, digits, _ and -, with dots"
            )
        relative = "/".join(segments) + ".lua"
        path = os.path.realpath(os.path.join(self.directory, relative))
        if not path.startswith(os.path.join(os.path.realpath(self.directory), "")):
            raise UsageError(f"'{relative}' leads outside of the task file's directory")
        try:
            return _read(path), relative
        except TaskFileError as error:
            raise UsageError(f"no '{relative}' beside the task file: {error.message}") from error


def _read(path: str) -> bytes:
    try:
        text = read_regular(path, _MAX_BYTES)
    except UsageError as error:
        raise TaskFileError(error.message) from error
    except OSError as error:
        raise TaskFileError(f"'{path}': {_reason(error)}") from error
    # Lua's loadfile skips a byte order mark and a first line "#!..." as well.
    text = text.removeprefix(b"\xef\xbb\xbf")
    return b"--" + text if text.startswith(b"#") else text


def _reason(error: OSError) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
