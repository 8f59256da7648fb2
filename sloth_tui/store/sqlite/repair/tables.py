"""Which pages belong to which table or index, as far as the schema and the trees can be read."""

from __future__ import annotations

from sloth_tui.store.sqlite.repair.cells import (
    INDEX_NODE,
    TABLE_LEAF,
    TABLE_NODE,
    Text,
    children_of,
    kind_of,
    rows_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.repair.image import Image

SCHEMA = "sqlite_schema"
_FIRST_FREE, _FREE_COUNT = slice(32, 36), slice(36, 40)


def owners(image: Image) -> dict[int, str]:
    """Return page number -> table or index, for all pages that the trees of the schema reach."""
    found: dict[int, str] = {}
    _claim(image, 1, SCHEMA, found)
    schema = [number for number, name in found.items() if name == SCHEMA]
    for number in schema:
        page = image.page(number)
        if kind_of(page, number) != TABLE_LEAF:
            continue
        for _, row in rows_of(image, page, number):
            name, root = (row[1], row[3]) if len(row) == 5 else (None, None)
            if isinstance(name, Text) and isinstance(root, int) and 1 < root <= image.count:
                _claim(image, root, name.decode("utf-8", "replace"), found)
    return found


def free_pages(image: Image) -> set[int]:
    """Return the pages on the list of free ones; none if that list is not sound."""
    header = image.header
    trunk, count = (int.from_bytes(header[part], "big") for part in (_FIRST_FREE, _FREE_COUNT))
    found: set[int] = set()
    while trunk and trunk not in found and len(found) < count:
        page = image.page(trunk)
        leaves = int.from_bytes(page[4:8], "big")
        if leaves > image.usable // 4 - 2 or len(page) < 8 + 4 * leaves:
            return set()
        found.add(trunk)
        found.update(int.from_bytes(page[at : at + 4], "big") for at in range(8, 8 + 4 * leaves, 4))
        trunk = int.from_bytes(page[:4], "big")
    return found if len(found) == count and not trunk else set()


def _claim(image: Image, root: int, name: str, found: dict[int, str]) -> None:
    waiting = [root]
    while waiting:
        number = waiting.pop()
        if number in found or not 0 < number <= image.count:
            continue
        found[number] = name
        page = image.page(number)
        if kind_of(page, number) in (TABLE_NODE, INDEX_NODE):
            waiting.extend(children_of(page, number))
