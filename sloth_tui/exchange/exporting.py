"""Write what a store holds as a file in one of several formats, all of it as of one moment."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import UsageError
from sloth_tui.exchange.formats.jsonl_writing import JsonLinesWriter
from sloth_tui.exchange.formats.plain_writing import WRITERS
from sloth_tui.store.parts import EntryLines, KeptEntry, Outline, SecretKey, SecretPattern
from sloth_tui.values.codec import decode_key, key_bytes

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from sloth_tui.store.parts import EntryPart, Part
    from sloth_tui.store.port import Store

    Progress = Callable[[int, int], object]

FORMATS = ("jsonl", "json", "csv", "env")
"""What ``-o`` takes. Only the first one holds everything."""
_TOLD = 256


class Request(NamedTuple):
    """What is to be exported."""

    form: str = FORMATS[0]
    prefix: str = ""
    history: bool = False
    """With revisions and change sets; all entries then, in the first format."""
    names: tuple[tuple[str, str], ...] = ()
    """Of ``env``: what in keys is replaced by what."""
    keys: Sequence[str] | None = None
    """Only these keys, in key order; None: all under the prefix."""


class Exported(NamedTuple):
    """What was written."""

    entries: int
    revisions: int | None
    """None if the history was not asked for."""
    secrets: int
    """Number of entries whose values history does not keep; a file shows them."""
    bytes: int
    """Number of entries that hold bytes which come back from this format as something else."""


def check(request: Request) -> Request:
    """Return the request. Raises UsageError for one that makes no sense."""
    if request.history and request.form != "jsonl":
        raise UsageError("only jsonl holds a history", hint="leave out --history, or -o")
    if request.history and (request.prefix or request.keys is not None):
        raise UsageError("a history is exported as a whole", hint="leave out --prefix, or --history")
    if request.names and request.form != "env":
        raise UsageError("--map is for -o env", hint="other formats hold every key as it is")
    return request


def export(
    store: Store, request: Request, write: Callable[[bytes], object], progress: Progress | None = None
) -> Exported:
    """Write the export by ``write``, which takes bytes. ``progress`` gets (entries so far, all of them); an
    exception that it raises ends the work. Raises the errors of the store and of ``write``, and UsageError
    for a key or a value that the format cannot hold."""
    check(request)
    lines = request.form == "jsonl" and not request.history and request.keys is None
    parts: Iterator[EntryPart | Part]
    parts = store.dump() if request.history else store.dump_entries(request.prefix, lines=lines)
    outline = next(parts)
    assert isinstance(outline, Outline)
    return _Export(store.agent, request, outline, parts, write, progress).run()


class _Export:
    def __init__(
        self,
        agent: str,
        request: Request,
        outline: Outline,
        parts: Iterator[EntryPart | Part],
        write: Callable[[bytes], object],
        progress: Progress | None,
    ) -> None:
        self._agent = agent
        self._request = request
        self._outline = outline
        self._parts = parts
        self._write = write
        self._progress = progress
        self._secrets = _Secrets()
        self._entries = 0
        self._bytes = 0

    def run(self) -> Exported:
        request, outline = self._request, self._outline
        if request.keys is not None:
            outline = self._only(request.keys)
        history = None
        if request.form == "jsonl":
            history = self._json_lines(outline)
        else:
            WRITERS[request.form](self._counted(), self._write, request.names)
        self._tell(done=True)
        return Exported(self._entries, history, self._secrets.found, self._bytes)

    def _json_lines(self, outline: Outline) -> int | None:
        request = self._request
        writer = JsonLinesWriter(self._write, self._secrets.include)
        writer.begin(outline, self._agent, request.prefix, history=request.history)
        if not request.history:
            self._entry_lines(writer)
            writer.end()
            return None
        for part in self._parts:
            if isinstance(part, KeptEntry):
                self._entries += 1
                writer.entry(part, history=True)
            else:
                self._secrets.learn(part)
                assert not isinstance(part, EntryLines)
                writer.part(part)
        writer.end()
        return self._outline.revisions

    def _entry_lines(self, writer: JsonLinesWriter) -> None:
        for part in self._parts:
            if isinstance(part, EntryLines):
                writer.lines(part.data, part.entries)
                self._entries += part.entries
                self._secrets.found += part.secrets
                self._tell()
            elif isinstance(part, KeptEntry):
                writer.entry(part, history=False)
                self._entries += 1
                if not self._entries % _TOLD:
                    self._tell()
            else:
                self._secrets.learn(part)

    def _counted(self) -> Iterator[KeptEntry]:
        """Yield the entries, and learn what is a secret from what comes before them."""
        seen = 0
        for part in self._parts:
            if not isinstance(part, KeptEntry):
                self._secrets.learn(part)
                continue
            seen += 1
            self._entries = seen
            if part.kind == "bytes":
                self._bytes += 1
            yield part

    def _only(self, keys: Sequence[str]) -> Outline:
        """Let only these entries pass; return the outline of them. They are looked for first: the header has
        their number."""
        wanted = {key_bytes(key) for key in keys}
        before: list[EntryPart | Part] = []
        chosen: list[KeptEntry] = []
        for part in self._parts:
            if not isinstance(part, KeptEntry):
                before.append(part)
            elif part.key in wanted:
                chosen.append(part)
        self._parts = chain(before, chosen)
        self._outline = self._outline._replace(keys=len(chosen))
        return self._outline

    def _tell(self, *, done: bool = False) -> None:
        if self._progress is not None:
            total = self._outline.keys
            self._progress(total if done else min(self._entries, total), total)


class _Secrets:
    """The keys whose values history does not keep."""

    def __init__(self) -> None:
        self.found = 0
        self._keys: set[bytes] = set()
        self._patterns: list[re.Pattern[str]] = []

    def learn(self, part: EntryPart | Part) -> None:
        if isinstance(part, SecretKey):
            self._keys.add(part.key)
        elif isinstance(part, SecretPattern):
            from sloth_tui.store.history.patterns import compiled

            pattern = compiled(part.pattern)
            if pattern is not None:
                self._patterns.append(pattern)

    def include(self, key: bytes) -> bool:
        if not self._keys and not self._patterns:
            return False
        if key in self._keys or (
            self._patterns and any(pattern.fullmatch(decode_key(key)) for pattern in self._patterns)
        ):
            self.found += 1
            return True
        return False
